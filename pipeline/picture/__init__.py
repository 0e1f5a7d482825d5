"""Draw what a report holds: one page for a browser, one chart for a job's summary. Pure."""
