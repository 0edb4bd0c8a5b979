"""Every decision has a place in the navigation, although none is named in ``mkdocs.yml``."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    pages = sorted(Path("docs/decisions").glob("*.md"))
    config.nav = [*(config.nav or []), {"Decisions": [str(page) for page in pages]}]
    return config
