"""DNS hosts, one adapter each, behind the contract in `providers.contract`."""
