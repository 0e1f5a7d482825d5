"""Write the generated files again."""

from . import FILES, ROOT

for path, made in FILES.items():
    (ROOT / path).write_text(made(), encoding="utf-8")
