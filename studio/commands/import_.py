"""`main.py import PATH`: take in a model that others trained, from this computer or from a hub."""

import argparse
from pathlib import Path

from studio.commands import DONE, Command, say

HUB = "@hub"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The files, the project, and what to call the model there."""
    parser.add_argument(
        "path",
        metavar="PATH",
        help="a model's folder or file in one of the formats that Atelier reads, or ORG/NAME@hub",
    )
    parser.add_argument("--project", required=True, metavar="DIR", help="the project's folder; a new one is made")
    parser.add_argument("--name", default="", metavar="NAME", help="what to call the model; else its own name")


def run(options: argparse.Namespace) -> int:
    """Import, tell what it is, and print where it lies now."""
    from studio.commands.run import open_or_create
    from studio.core.shelf import resolve
    from studio.store.disk import size_text

    path, name, said = Path(options.path).expanduser(), options.name, dict[str, str]()
    fetched = options.path.endswith(HUB) and not path.exists()
    if fetched:
        repo = options.path.removesuffix(HUB)
        path, said = fetch(repo)
        name = name or repo.rpartition("/")[2]
    resolve("studio.engine.adopt:find_exchange")(path)  # what cannot be read makes no project
    project = open_or_create(Path(options.project).expanduser(), may_create=True)
    model = resolve("studio.engine.adopt:adopt")(path, project.path, name, said=said)
    for warning in model.facts.get("warnings", []):
        say(warning)
    licence = f"licence: {model.licence}" if model.licence else "its files name no licence"
    say(f"{model.name}: {model.family}, {model.parameters:,} parameters in {model.precision}, "
        f"{size_text(model.bytes)}; {licence}")  # fmt: skip
    if fetched:
        resolve("studio.hub.download:forget")(path if path.is_dir() else path.parent)  # the import has its own copy
    print(model.folder)
    return DONE


def fetch(repo: str) -> tuple[Path, dict[str, str]]:
    """Download a model from the hub, its first choice of formats, with what the hub says of it.

    An interrupted download is gone on with.
    """
    from studio.hub import Order, hub_of
    from studio.hub.download import fetch
    from studio.hub.listing import choices, look
    from studio.store.disk import size_text
    from studio.store.places import places
    from studio.store.preferences import load_preferences

    here = places()
    hub = hub_of(load_preferences(here.preferences, say).hub)
    repository = look(hub, repo)
    choice = choices(repository)[0]
    say(f"{repository.repo}: {choice.label}, {size_text(choice.bytes)}, licence: {repository.licence or 'not named'}")
    if choice.note:
        say(choice.note)
    told = 0

    def progress(done: int, total: int) -> None:
        nonlocal told
        if total and 10 * done // total > told:
            told = 10 * done // total
            say(f"{size_text(done)} of {size_text(total)}")

    order = Order(repository, choice)
    return fetch(hub, order, here.home / "downloads", choice.bytes, progress), order.facts(hub)


COMMAND = Command("import", "take in a model that others trained", add_options, run)
