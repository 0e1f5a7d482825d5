"""The layering is a test, not a diagram."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

CORE = {
    "additions", "detection", "documents", "insync", "marks", "model", "names", "planning",
    "questions", "report", "secrecy", "sentences", "tally", "text",
    "asking.fair_queue", "asking.octets", "asking.query", "asking.race", "asking.silences",
    "asking.timers", "asking.wire",
    *(f"checks.{each}" for each in (
        "caa", "grants", "issuance", "judgement", "keys", "lines", "names", "servers",
        "signatures", "tolerance",
    )),
    "command.gitlab", "command.junit", "command.metrics", "configuration.catalogue",
    "configuration.settings",
    "distributed.attempts",
    *(f"explaining.{each}" for each in (
        "causes", "course", "diagnosis", "findings", "verdict", "witness",
    )),
    "fleet.forms", "fleet.inventory", "fleet.sharding", "fleet.waves",
    *(f"orders.{each}" for each in (
        *(f"acme.{each}" for each in (
            "answers", "challenges", "keys", "offer", "reading", "words",
        )),
        "due", "fields", "identifiers", "intake", "issuers", "rcl_generations", "retry", "tokens",
    )),
    *(f"picture.{each}" for each in (
        "axis", "lanes", "listing", "markup", "matrix", "mermaid", "page", "remarks", "said",
        "states", "style", "tables", "timeline",
    )),
    *(f"propagation.{each}" for each in (
        "blind", "erasures", "evidence", "goals", "policy", "rules",
    )),
    *(f"receipts.{each}" for each in ("damage", "outline", "proofs", "receipt", "remains")),
    "serving.access", "serving.answers", "serving.dialect",
    *(f"tree.{each}" for each in (
        "cuts", "delegation", "delegation_warnings", "failures", "referrals",
    )),
}  # fmt: skip
"""What decides. It is given everything it judges."""

SHELL_ONLY = {
    "asyncio", "concurrent", "fcntl", "http.client", "http.server", "httpx", "importlib", "io",
    "logging", "multiprocessing", "os", "pathlib.Path", "random", "rich", "secrets", "select",
    "selectors", "shutil", "signal", "socket", "socketserver", "ssl", "subprocess", "sys",
    "tempfile", "threading", "time", "urllib.request", "dns.query", "dns.resolver",
    "dns.asyncquery",
}  # fmt: skip
"""Input and output, the clock, threads, chance, logging, the process."""

SDKS = {
    "boto3": ("route53",), "botocore": ("route53",), "cloudflare": ("cloudflare",),
    "httpx": ("cloudflare", "pool", "posting"), "lexicon": ("lexicon",), "requests": ("lexicon",),
}  # fmt: skip
"""Who may import what, once somebody has chosen a provider that needs it."""

SPEAKERS = {"arguments", "output", "session", "sources", "wave"}
"""Modules of `pipeline.command` that may touch standard streams."""

LONGEST = 260
"""Lines of a module; past that it is two."""

Modules = Mapping[str, ast.Module]


def modules(package: str) -> dict[str, ast.Module]:
    """Return the syntax of every module of *package* by its dotted name."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(), str(path))
    return found


PIPELINE, PROVIDERS = modules("pipeline"), modules("providers")


def imports(name: str, *, lazy: bool = True) -> set[str]:
    """Return what module *name* imports, as ``module`` and as ``module.thing``.

    Without *lazy* only what happens when it is imported itself.
    """
    found = set()
    package = name if is_package(name) else name.rpartition(".")[0]
    for node in nodes((PIPELINE | PROVIDERS)[name], lazy=lazy):
        match node:
            case ast.Import(names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module, names, level):
                origin = resolve_name("." * level + (module or ""), package)
                found |= {origin, *(f"{origin}.{alias.name}" for alias in names)}
            case _:
                continue
    return found


def nodes(tree: ast.AST, *, lazy: bool) -> Iterator[ast.AST]:
    """Yield the nodes below *tree*: those run on import, with *lazy* also functions' bodies."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if lazy or not isinstance(node, ast.FunctionDef):
            yield node
            yield from nodes(node, lazy=lazy)


def is_package(name: str) -> bool:
    return (ROOT / name.replace(".", "/")).is_dir()


def within(names: set[str], roots: set[str]) -> set[str]:
    """Return those of *names* that are, or are below, one of *roots*."""
    return {name for name in names if any(f"{name}.".startswith(f"{root}.") for root in roots)}


def mentions(tree: ast.Module, *words: str) -> set[str]:
    """Return which of *words*, dotted as in source, *tree* uses."""
    used = {
        ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)
    }
    return used & set(words)


def users(*words: str) -> set[str]:
    """Return the modules of pipeline that use any of *words*."""
    return {name.removeprefix("pipeline.") for name in PIPELINE if mentions(PIPELINE[name], *words)}


def test_the_tests_can_see() -> None:
    """
    The walk finds what is known to be there; otherwise the laws below would hold of nothing.
    """
    assert {f"pipeline.{name}" for name in CORE} < set(PIPELINE)
    assert "httpx" in imports("pipeline.orders.rcl")
    assert "pipeline.demo" in imports("pipeline.command.session")
    assert "pipeline.demo" not in imports("pipeline.command.session", lazy=False)
    assert "providers.cloudflare.client" in imports("providers.cloudflare.adapter")


@pytest.mark.parametrize("name", PROVIDERS)
def test_providers_know_nothing_of_the_pipeline(name: str) -> None:
    """
    providers/ could be lifted out of this repository.
    """
    assert not within(imports(name), {"pipeline", "tests"})


@pytest.mark.parametrize("name", PIPELINE)
def test_the_pipeline_knows_the_contract_only(name: str) -> None:
    """
    Vendors are named by entry points alone; only the demo brings an embedded server.
    """
    allowed = {
        f"providers.{each}"
        for each in ("bodies", "contract", "errors", "limits", "names", "origin", "threads")
    }
    if name.startswith("pipeline.demo"):
        allowed |= {"providers.embedded", "providers.listener"}
    theirs = {"providers", "tests", *SDKS} - {"httpx", "requests"}
    seen = within(imports(name), theirs) - {"providers"}
    assert seen == within(seen, allowed)


@pytest.mark.parametrize("name", PROVIDERS)
def test_sdks_stay_with_their_adapters_and_load_late(name: str) -> None:
    """
    A vendor's SDK is imported by that vendor's package, by functions: listing providers is cheap.
    """
    mine = {
        sdk for sdk, owners in SDKS.items() if within({name}, {f"providers.{o}" for o in owners})
    }
    assert not within(imports(name), set(SDKS) - mine)
    assert not within(imports(name, lazy=False), set(SDKS))


@pytest.mark.parametrize("name", PIPELINE)
def test_http_is_for_orders_encrypted_questions_and_watchers(name: str) -> None:
    """
    Only order sources, encrypted questions and pings speak HTTP; ACME's packages are an extra.
    """
    extra = {"acme", "josepy", "requests", "urllib3"}
    assert name.startswith("pipeline.orders.acme") or not within(imports(name), extra)
    speakers = ("pipeline.orders.", "pipeline.asking.encrypted.", "pipeline.command.ping")
    allowed = name.startswith(speakers)
    assert allowed or not within(imports(name), {"httpx"})


@pytest.mark.parametrize("name", PIPELINE)
def test_celery_is_for_who_has_it(name: str) -> None:
    """
    Only the tasks and the application import it, and nobody imports those.
    """
    outside = {"celery", "kombu", "pipeline.distributed"}
    assert name.startswith("pipeline.distributed") or not within(imports(name), outside)


@pytest.mark.parametrize("name", sorted(CORE))
def test_the_core_is_pure(name: str) -> None:
    """
    What decides can reach no network, disk, clock, thread, environment or log, and asks nobody
    who can.
    """
    seen = imports(f"pipeline.{name}")
    allowed = {"providers.contract", "providers.names", *(f"pipeline.{each}" for each in CORE)}
    if name == "configuration.settings":  # holds addresses and a path; connects to none, opens none
        seen -= {"pathlib.Path"}
        allowed |= {"pipeline.asking.endpoints"}
    assert not within(seen, SHELL_ONLY)
    ours = {each for each in within(seen, {"pipeline", "providers"}) if not is_package(each)}
    assert ours == within(ours, allowed)
    assert not mentions(PIPELINE[f"pipeline.{name}"], "print", "open", "input", "datetime.now")


def test_one_clock() -> None:
    """
    Whoever wants to know the time is given a Clock.
    """
    assert {name for name in PIPELINE if within(imports(name), {"time"})} == {"pipeline.clock"}
    assert users("datetime.now", "datetime.utcnow", "date.today") == {"clock"}


def test_one_reader_of_the_environment() -> None:
    """
    Every setting comes through `config`, so it can be listed, and shown never.
    """
    assert users("os.environ", "os.getenv", "environ", "getenv") == {"configuration.environment"}


def test_one_event_loop() -> None:
    """
    Blocking code is easier to stop: only connections that many questions share need a loop.
    """
    loops = {name for name in PIPELINE if within(imports(name), {"asyncio"})}
    assert loops
    assert all(name.startswith("pipeline.asking.encrypted.") for name in loops)


def test_nobody_logs() -> None:
    """
    What is worth saying is said once, to the user; what is not is not.
    """
    assert not {name for name in PIPELINE if within(imports(name), {"logging"})}


def test_few_speak() -> None:
    """
    Printing, exiting and signal handlers are the command line's; the rest returns or raises.
    """
    streams = users("print", "sys.stdout", "sys.stderr", "sys.stdin")
    assert streams <= {"cli", *(f"command.{each}" for each in SPEAKERS)}
    assert users("sys.exit", "os._exit") == {"__main__", "command.wave"}
    assert users("signal.signal", "signal.setitimer") == {"command.signals"}


def test_nobody_takes_all() -> None:
    """
    No module is imported for everything it has.
    """
    assert not [name for name in PIPELINE | PROVIDERS if any("*" in i for i in imports(name))]


def test_arrows_point_one_way() -> None:
    """
    No module needs, on import, a module that needs it.
    """
    every = set(PIPELINE) | set(PROVIDERS)
    graph = {  # a module may belong to the package whose other modules it needs
        name: (imports(name, lazy=False) & every) - {name, name.rpartition(".")[0]}
        for name in every
    }
    assert len([*TopologicalSorter(graph).static_order()]) == len(every)


def test_modules_stay_small() -> None:
    """
    A module that one cannot take in at one sitting is two modules.
    """
    paths = [
        path for package in ("pipeline", "providers") for path in (ROOT / package).rglob("*.py")
    ]
    lengths = {path: len(path.read_text().splitlines()) for path in paths}
    assert not {name: length for name, length in lengths.items() if length > LONGEST}


def test_starting_is_cheap() -> None:
    """
    Reading the arguments, `--help` included, loads nothing heavy: hooks and completions call often.
    """
    script = (
        "import sys; import pipeline.cli; from pipeline.command.arguments import build, parse\n"
        "parse(['ready', 'example.com', '--json']); build().format_help()\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    words = [sys.executable, "-c", script]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    heavy = {"dns", "httpx", "boto3", "botocore", "cloudflare", "rich", "idna", "providers"}
    assert not heavy & set(loaded.split())
