"""What dns01 costs, measured: against peers, on real servers, part by part. See `bench.run`."""
