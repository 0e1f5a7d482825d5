"""Other people's adapters, installed as pip would leave them."""

from pathlib import Path

ADAPTER = '''
"""A DNS host that no release of dns01 knows."""

from providers.contract import Adapter, Setting

ADAPTER = Adapter(
    settings=(Setting("ACME_DNS_USER", "user"), Setting("ACME_DNS_PASSWORD", "password", True)),
    credentials=(("ACME_DNS_USER", "ACME_DNS_PASSWORD"),),
    open=lambda settings: dict(settings),
)
'''


def install(folder: Path, module: str, source: str = ADAPTER) -> None:
    """Put a distribution of one *module*, the adapter ``acmedns``, into *folder*."""
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[dns01.providers]\nacmedns = {module}:ADAPTER\n")
    (folder / f"{module}.py").write_text(source)
