"""ACME clients as far as their DNS stage goes: what they call, with what, in which order.

Played by a program of the client's name, which runs this file. It takes the options that
pages show, no others, and fails where a hook or a server does. The real ones are tested
elsewhere, against a CA.
"""

import argparse
import base64
import json
import os
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

TXT = "_acme-challenge."


def validation() -> str:
    return secrets.token_urlsafe(32)


def bare(domain: str) -> str:
    return domain.removeprefix("*.")


def call(words: Sequence[str] | str, **more: str) -> str:
    done = subprocess.run(
        words,
        shell=isinstance(words, str),
        env=os.environ | more,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{words} ended with {done.returncode}")
    return done.stdout


def post(address: str, name: str, value: str, username: str, password: str) -> str:
    body = json.dumps({"fqdn": name, "value": value}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    if username:
        login = base64.b64encode(f"{username}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {login}")
    with urllib.request.urlopen(request, timeout=30) as reply:
        return str(reply.read().decode())


def certbot() -> None:
    parser = argparse.ArgumentParser("certbot", allow_abbrev=False)
    parser.add_argument("verb", choices=["certonly"])
    for flag in ("--manual", "--non-interactive", "-n", "--agree-tos"):
        parser.add_argument(flag, action="store_true")
    for option in ("--preferred-challenges", "--manual-auth-hook", "--manual-cleanup-hook"):
        parser.add_argument(option, required=True)
    parser.add_argument("-d", action="append", required=True)
    parser.add_argument("-m")
    given = parser.parse_args()
    pairs = [(bare(domain), validation()) for domain in given.d]
    handles = []
    for left, (domain, value) in zip(range(len(pairs))[::-1], pairs, strict=True):
        more = {
            "CERTBOT_DOMAIN": domain,
            "CERTBOT_VALIDATION": value,
            "CERTBOT_REMAINING_CHALLENGES": str(left),
            "CERTBOT_ALL_DOMAINS": ",".join(domain for domain, _ in pairs),
        }
        handles.append((more, call(given.manual_auth_hook, **more).strip()))
    for more, handle in handles:
        call(given.manual_cleanup_hook, **more, CERTBOT_AUTH_OUTPUT=handle)


def lego() -> None:
    parser = argparse.ArgumentParser("lego", allow_abbrev=False)
    parser.add_argument("--accept-tos", action="store_true")
    parser.add_argument("--dns.disable-cp", action="store_true")
    parser.add_argument("--email", required=True)
    parser.add_argument("--dns", required=True, choices=["exec", "httpreq"])
    parser.add_argument("--domains", action="append", required=True)
    parser.add_argument("verb", choices=["run", "renew"])
    given = parser.parse_args()
    pairs = [(f"{TXT}{bare(domain)}.", validation()) for domain in given.domains]
    for verb in ("present", "cleanup"):
        for name, value in pairs:
            if given.dns == "exec":
                call([os.environ["EXEC_PATH"], verb, name, value])
            else:
                login = [os.environ.get(f"HTTPREQ_{each}", "") for each in ("USERNAME", "PASSWORD")]
                post(f"{os.environ['HTTPREQ_ENDPOINT']}/{verb}", name, value, *login)


def acme_sh() -> None:
    parser = argparse.ArgumentParser("acme.sh", allow_abbrev=False)
    parser.add_argument("--issue", action="store_true", required=True)
    parser.add_argument("--dns", required=True, choices=["dns_acmeproxy", "dns_dns01"])
    parser.add_argument("--dnssleep", type=int)
    parser.add_argument("-d", action="append", required=True)
    given = parser.parse_args()
    pairs = [(f"{TXT}{bare(domain)}.", validation()) for domain in given.d]
    if given.dns == "dns_dns01":
        root = Path(__file__).parent.parent.parent
        conf = Path("account.conf")
        conf.touch()
        for verb in ("add", "rm"):
            for name, value in pairs:
                words = ["sh", str(root / "tests/serving/acme.sh.harness"), verb]
                words += [name.removesuffix("."), value]
                call(words, CONF=str(conf), API=str(root / "contrib/acme.sh"))
        return
    login = [os.environ.get(f"ACMEPROXY_{each}", "") for each in ("USERNAME", "PASSWORD")]
    for verb in ("present", "cleanup"):
        for name, value in pairs:
            answer = post(f"{os.environ['ACMEPROXY_ENDPOINT']}/{verb}", name, value, *login)
            if f'"{value}"' not in answer:
                sys.exit(f"{answer} does not have the value")


def dehydrated() -> None:
    parser = argparse.ArgumentParser("dehydrated", allow_abbrev=False)
    parser.add_argument("-c", "--cron", action="store_true", required=True)
    parser.add_argument("-d", "--domain", action="append", required=True)
    parser.add_argument("-f", "--config")
    parser.add_argument("-k", "--hook")
    given = parser.parse_args()
    lines = Path(given.config or "config").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line)
    triplets = [w for domain in given.domain for w in (bare(domain), "token", validation())]
    for verb in ("deploy_challenge", "clean_challenge"):
        call([given.hook or settings["HOOK"], verb, *triplets])


CLIENTS: dict[str, Callable[[], None]] = {
    "acme.sh": acme_sh,
    "certbot": certbot,
    "dehydrated": dehydrated,
    "lego": lego,
}

if __name__ == "__main__":
    CLIENTS[sys.argv.pop(1)]()
