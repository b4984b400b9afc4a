"""Colours of code: what pygments finds in it, as roles of the theme."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

_MOST = 1_500  # characters of one piece; more stays plain

_NAMES = {
    "py": "python", "python3": "python", "js": "javascript", "ts": "typescript", "sh": "bash", "shell": "bash",
    "zsh": "bash", "console": "bash", "c++": "cpp", "rs": "rust", "yml": "yaml", "golang": "go", "cs": "csharp",
    "kt": "kotlin", "htm": "html", "jsonc": "json", "patch": "diff", "cfg": "ini",
}  # fmt: skip
# Those whose rules were tried with hostile text: tests/talking/test_highlight.py
LEXERS = {
    "python": "PythonLexer", "javascript": "JavascriptLexer", "typescript": "TypeScriptLexer", "bash": "BashLexer",
    "c": "CLexer", "cpp": "CppLexer", "java": "JavaLexer", "rust": "RustLexer", "go": "GoLexer", "sql": "SqlLexer",
    "json": "JsonLexer", "yaml": "YamlLexer", "toml": "TOMLLexer", "ini": "IniLexer", "html": "HtmlLexer",
    "xml": "XmlLexer", "css": "CssLexer", "diff": "DiffLexer", "csharp": "CSharpLexer", "kotlin": "KotlinLexer",
    "ruby": "RubyLexer", "lua": "LuaLexer", "r": "SLexer", "swift": "SwiftLexer",
}  # fmt: skip
_ROLES = (
    ("Comment", "text_quiet"), ("Keyword", "accent"), ("Literal.String", "good"), ("Literal.Number", "warning"),
    ("Name.Tag", "accent"), ("Name.Builtin", "accent"), ("Name.Decorator", "warning"), ("Name.Attribute", "warning"),
    ("Generic.Deleted", "danger"), ("Generic.Inserted", "good"), ("Generic.Heading", "accent"),
)  # fmt: skip


def highlighted(text: str, language: str) -> Sequence[tuple[int, int, str]]:
    """(start, end, role) of every coloured stretch; nothing for a language that is not known here."""
    name = _NAMES.get(language, language)
    if name not in LEXERS or len(text) > _MOST:
        return ()
    found: list[tuple[int, int, str]] = []
    for start, kind, value in _lexer(name).get_tokens_unprocessed(text):
        role = _role(str(kind))
        if role and found and found[-1][1] == start and found[-1][2] == role:
            found[-1] = (found[-1][0], start + len(value), role)
        elif role:
            found.append((start, start + len(value), role))
    return found


@lru_cache(maxsize=32)
def _lexer(name: str) -> Any:
    import pygments.lexers

    return getattr(pygments.lexers, LEXERS[name])()


@lru_cache(maxsize=512)
def _role(kind: str) -> str:
    """The role of a token's kind such as "Token.Literal.String.Doc"."""
    inner = kind.removeprefix("Token.")
    return next((role for prefix, role in _ROLES if inner.startswith(prefix)), "")
