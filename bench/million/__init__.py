"""A million certificates: what they ask of everybody a day, on paper and in a simulation.

`fleet` is what is assumed, `paper` the arithmetic, `simulation` the events one by one,
and `tables` what both say, as `docs/scale.md` shows it. ``python -m bench.million`` runs all of it.
"""
