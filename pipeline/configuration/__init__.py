"""Turn flags, environment and files into checked values; find providers and their credentials."""
