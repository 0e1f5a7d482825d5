"""Write the page about providers from what their adapters declare."""

from collections.abc import Iterator, Mapping, Sequence

from providers.contract import Adapter, Setting

BEGIN = """# DNS hosts

What comes with dns01, made from what the adapters declare. `dns01 providers` says the same of what
is installed where you are, and which settings are there. [How a provider is
chosen](configuration.md#which-provider); [another one written](writing-a-provider.md), in 60 lines.

Settings are environment variables, or stand in the table of [an
account](configuration.md#several-accounts). Those with \\* are secrets: each also as NAME_FILE, a
file that holds it; in an account as NAME_FILE or NAME_ENV, never itself."""


def page(adapters: Mapping[str, Adapter]) -> str:
    """Return the page about *adapters*, by name, in Markdown."""
    rows = [f"| {link(name)} | {about(each)} |" for name, each in adapters.items()]
    table = ["| provider | writes to |", "|---|---|", *rows]
    sections = ("\n".join(section(name, each)) for name, each in adapters.items())
    return "\n\n".join((BEGIN, "\n".join(table), *sections)) + "\n"


def link(name: str) -> str:
    """Return a link to the section about *name*."""
    return f"[{name}](#{name})"


def about(adapter: Adapter) -> str:
    """Return whose zones *adapter* writes to."""
    return adapter.description.host if adapter.description else "what its package says"


def section(name: str, adapter: Adapter) -> Iterator[str]:
    """Yield the lines about the *adapter* called *name*."""
    yield from (f"## {name}", "", f"Writes to {about(adapter)}.{guide(adapter)}", "")
    yield f"* **Taken unnamed:** {chosen(adapter)}."
    if told := adapter.description:
        yield f"* **Least privilege:** {told.privilege}."
        yield f"* **A write:** {told.limits}."
    yield from ("", "| setting | needed | what |", "|---|---|---|")
    for setting in adapter.settings:
        name = f"`{setting.name}`{' *' if setting.secret else ''}"
        yield f"| {name} | {needed(setting, adapter.credentials)} | {setting.meaning} |"
    if adapter.further:
        yield from ("", "There are further settings, by what these say: see the guide.")


def guide(adapter: Adapter) -> str:
    """Return the sentence that leads to the guide."""
    there = adapter.description.guide if adapter.description else ""
    return f" [How]({there})." if there else ""


def chosen(adapter: Adapter) -> str:
    """Return when *adapter* is chosen without being named."""
    if adapter.named_only:
        return "never"
    groups = [" with ".join(f"`{name}`" for name in group) for group in adapter.credentials]
    alone = f"where {', or '.join(groups)} is set, and nothing of another host"
    if not adapter.nameservers:
        return alone
    servers = ", ".join(f"`{pattern}`" for pattern in adapter.nameservers)
    return f"{alone}; beside others, for zones with name servers called {servers}"


def needed(setting: Setting, groups: Sequence[Sequence[str]]) -> str:
    """Return whether *setting* must be there, by the *groups* of credentials that will do."""
    holding = [setting.name in group for group in groups]
    if not any(holding):
        return ""
    return "yes" if all(holding) else "or others"
