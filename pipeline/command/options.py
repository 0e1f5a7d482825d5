"""What verbs take, in groups that several share. Imports nothing heavy."""

import argparse
from pathlib import Path

from .literals import (
    Once,
    age,
    drawing,
    duration,
    endpoint,
    issuers,
    jobs,
    listening,
    pair,
    shard,
    ttl,
    typed,
)


def names(parser: argparse.ArgumentParser) -> None:
    """Add the certificate names."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="the certificate's name")


def pairs(parser: argparse.ArgumentParser) -> None:
    """Add what `wait` waits for."""
    parser.add_argument("pairs", nargs="+", metavar="FQDN=VALUE", type=typed(pair))


def child(parser: argparse.ArgumentParser) -> None:
    """Show where the command stands; `parse` has taken it out by then."""
    parser.usage = "%(prog)s [OPTION...] NAME... -- CMD..."


def every(parser: argparse.ArgumentParser) -> None:
    """Add the choice of all receipts."""
    parser.add_argument("--all", action="store_true", help="every receipt in the state folder")


def stale(parser: argparse.ArgumentParser) -> None:
    """Add the choice of what dead runs of long ago left."""
    parser.add_argument(
        "--stale",
        type=typed(age),
        metavar="AGE",
        help="what runs more than AGE ago (24h, 7d) left, by receipts and by marks at DNS hosts",
    )
    parser.add_argument("--provider", metavar="NAME", help="look for marks there; see --stale")


def grant(parser: argparse.ArgumentParser) -> None:
    """Add what `policy` prints, and for which names."""
    parser.add_argument("host", metavar="PROVIDER", help="such as route53, cloudflare")
    parser.add_argument(
        "domains",
        nargs="+",
        metavar="DOMAIN",
        help="may begin with *.; DOMAIN=NAME where the challenge is an alias for NAME",
    )


def order(parser: argparse.ArgumentParser) -> None:
    """Add where orders come from and records go to."""
    parser.add_argument(
        "--order", choices=("rcl", "document", "acme"), help="order source (default rcl)"
    )
    parser.add_argument(
        "--from",
        action=Once,
        dest="document",
        metavar="FILE",
        help="read the order from FILE, or - for stdin",
    )
    parser.add_argument("--provider", metavar="NAME", help="DNS host, or hosts with commas")
    parser.add_argument("--ttl", type=typed(ttl), metavar="SECONDS", help="of new records (60)")


def fleet(parser: argparse.ArgumentParser) -> None:
    """Add the choice of many certificates at once."""
    parser.add_argument(
        "--inventory",
        action=Once,
        metavar="FILE",
        help="the certificates that FILE lists (CSV, JSON, TOML, a name a line), - for stdin",
    )
    parser.add_argument(
        "--jobs",
        type=typed(jobs),
        metavar="N",
        help="processes at work on an inventory at once (two for each core, at most 8)",
    )
    parser.add_argument(
        "--shard",
        action=Once,
        type=typed(shard),
        metavar="I/N|auto",
        help="do part I of N of the inventory, by zone; auto: as CI or Kubernetes numbers jobs",
    )


def renewal(parser: argparse.ArgumentParser) -> None:
    """Add when a certificate is due."""
    parser.add_argument(
        "--renew-within",
        type=typed(age),
        metavar="AGE",
        help="order only what ends within AGE (14d), by the RCL API's word; else done, not-due",
    )


def ask(parser: argparse.ArgumentParser) -> None:
    """Add who is asked and for how long."""
    parser.add_argument(
        "--resolver",
        action="append",
        type=typed(endpoint),
        metavar="ADDR[:PORT]",
        help="recursive resolver to ask, repeatable; replaces the public set",
    )
    parser.add_argument(
        "--require",
        choices=("quorum", "all", "authoritative"),
        help="whose confirmation is needed (default quorum)",
    )
    parser.add_argument(
        "--timeout", type=typed(duration), metavar="5m", help="of the whole run (default 5m)"
    )


def judge(parser: argparse.ArgumentParser) -> None:
    """Add who the CA is, and where the picture goes."""
    parser.add_argument(
        "--issuer",
        type=typed(issuers),
        metavar="DOMAIN",
        help="the CA as CAA records name it, such as letsencrypt.org; several with commas",
    )
    parser.add_argument(
        "--report", type=typed(drawing), metavar="FILE.html", help="draw the evidence there"
    )


def tell(parser: argparse.ArgumentParser) -> None:
    """Add what CI systems and monitoring are told, and where."""
    for option, told in (
        ("--junit", "write the outcome there as JUnit XML"),
        ("--dotenv", "write variables for later GitLab jobs there"),
        ("--metrics", "write metrics there, for Prometheus"),
    ):
        parser.add_argument(option, type=typed(drawing), metavar="FILE", help=told)


def insist(parser: argparse.ArgumentParser) -> None:
    """Add the way past findings that stop a run."""
    parser.add_argument(
        "--force", action="store_true", help="write although the CA would surely refuse"
    )


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what is to be done about the configuration file, and which one."""
    parser.add_argument(
        "action",
        choices=("init", "check", "schema"),
        metavar="init|check|schema",
        help="write a commented sample; tell all mistakes, and what is in force; "
        "print the JSON schema",
    )
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="else the one that would be read"
    )


def shell(parser: argparse.ArgumentParser) -> None:
    """Add whose completion is wanted."""
    shells = ("bash", "zsh", "fish")
    parser.add_argument("shell", choices=shells, metavar="bash|zsh|fish", help="the shell")


def answer(parser: argparse.ArgumentParser) -> None:
    """Add what else the ACME source can do."""
    parser.add_argument(
        "--respond",
        action="store_true",
        help="once ready, have the CA validate, and wait for its word (--order acme)",
    )


def domains(parser: argparse.ArgumentParser) -> None:
    """Add what `check` looks at."""
    parser.add_argument("domains", nargs="+", metavar="DOMAIN", help="may begin with *.")


def client(parser: argparse.ArgumentParser) -> None:
    """Add whose stage `hook` is; `parse` has taken out by then what that client says."""
    parser.usage = "%(prog)s CLIENT [OPTION...] [WORD...]"
    parser.add_argument(
        "client",
        choices=("certbot", "lego", "acme.sh", "dehydrated"),
        metavar="CLIENT",
        help="certbot (auth or cleanup follows), lego, acme.sh, dehydrated",
    )
    parser.add_argument("--provider", metavar="NAME", help="DNS host, or hosts with commas")
    parser.add_argument("--ttl", type=typed(ttl), metavar="SECONDS", help="of new records (60)")


def service(parser: argparse.ArgumentParser) -> None:
    """Add where `serve` listens, and where it writes."""
    parser.add_argument(
        "--listen",
        type=typed(listening),
        default=("127.0.0.1", 8053),
        metavar="ADDR:PORT",
        help="address to serve at (127.0.0.1:8053); port 0 is any that is free",
    )
    parser.add_argument("--provider", metavar="NAME", help="DNS host, or hosts with commas")
    parser.add_argument("--ttl", type=typed(ttl), metavar="SECONDS", help="of new records (60)")


def common(parser: argparse.ArgumentParser) -> None:
    """Add what every verb takes."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration (TOML)")
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="where receipts are kept")
    parser.add_argument("--json", action="store_true", help="print one JSON report")
    volume = parser.add_mutually_exclusive_group()
    volume.add_argument("--quiet", action="store_true", help="say nothing unless something fails")
    volume.add_argument("--verbose", action="store_true", help="say more on standard error")
