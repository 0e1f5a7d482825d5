"""Services at fault, and what the command makes of them: `docs/failures.md` by rows."""
