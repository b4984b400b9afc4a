"""How a checkpoint is named in a configuration and on the command line: RUN@STEP."""


def split_step(model: str) -> tuple[str, str]:
    """`tale@500` as ("tale", "500"), `tale` as ("tale", "")."""
    name, at, step = model.rpartition("@")
    return (name, step) if at and (step.isdigit() or step in ("best", "last")) else (model, "")
