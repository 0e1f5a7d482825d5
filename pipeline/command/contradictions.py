"""Tell what is wrong with options that are right one by one."""

import argparse


def contradiction(options: argparse.Namespace) -> str:
    """Return what is wrong with *options* taken together, or nothing."""
    if options.verb in {"plan", "ready", "run"} and (complaint := of_order(options)):
        return complaint
    if options.verb == "run" and not options.command:
        return "run needs a command after --: dns01 run NAME... -- CMD..."
    return of_clean(options) if options.verb == "clean" else of_config(options)


def of_order(options: argparse.Namespace) -> str:
    """Return what is wrong with the *options* of an order taken together, or nothing."""
    if options.verb == "ready" and (complaint := of_fleet(options)):
        return complaint
    if options.verb == "ready" and options.inventory is not None:
        return of_source(options.order, options) if options.order else ""
    if options.document is not None and options.order not in {None, "document"}:
        return f"--from is a document, --order says {options.order}"
    if options.order == "document" and options.document is None:
        return "--order document needs --from FILE, or --from - for standard input"
    if options.document is None and not options.names:
        return f"{options.verb} needs the NAME of a certificate, or --from FILE"
    source = "document" if options.document is not None else options.order
    return of_source(source, options) if source else ""


def of_fleet(options: argparse.Namespace) -> str:
    """Return what is wrong with *options* that are about many certificates, or nothing."""
    if options.inventory is None:
        if options.shard:
            return "--shard is a part of --inventory"
        return "--jobs is of --inventory: one run is one process" if options.jobs else ""
    if options.names:
        return "ready takes NAMEs or --inventory, not both: put them into it"
    if options.document is not None or options.order == "document":
        return "--inventory asks for orders; a document is one, for --from by itself"
    if options.report or options.dotenv:
        option = "--report" if options.report else "--dotenv"
        return f"{option} tells of one run; with --inventory use --json, --junit or --metrics"
    return ""


def of_source(source: str, options: argparse.Namespace) -> str:
    """Return what is wrong with *options* where orders come from *source*, or nothing."""
    if options.renew_within and source != "rcl":
        return f"--renew-within asks the rcl source; {source} knows of no certificate"
    if options.verb != "plan" and options.respond and source != "acme":
        return "--respond needs --order acme: elsewhere dns01 knows no challenge to answer"
    return ""


def of_clean(options: argparse.Namespace) -> str:
    """Return what is wrong with the *options* of `clean` taken together, or nothing."""
    if not (options.names or options.all or options.stale):
        return "clean needs NAMEs, --all, or --stale AGE"
    if options.names and options.all:
        return "clean takes NAMEs or --all, not both"
    if options.stale and (options.names or options.all):
        return "clean takes --stale AGE alone, without NAMEs or --all"
    if options.provider and not options.stale:
        return "clean takes --provider with --stale only: receipts say where records are"
    return ""


def of_config(options: argparse.Namespace) -> str:
    """Return what is wrong with the *options* of `config` taken together, or nothing."""
    if options.verb == "config" and options.file and options.config:
        return "config takes FILE or --config FILE, not both"
    if options.verb == "config" and options.file and options.action == "schema":
        return "config schema takes no FILE: it describes them all"
    return ""
