"""Find where in the DNS tree a name is, as a validating CA's resolver would: from the root down."""
