"""Whatever others wrote commands nobody: not GitHub, not its runner, not a terminal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from release_tools.system import sanitize

GAP = "\u200b"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param("plain\ttext\nin two lines", "plain\ttext\nin two lines", id="harmless text stays"),
        pytest.param("naïve 日本語 🎉 👩‍🔬", "naïve 日本語 🎉 👩‍🔬", id="any language stays"),
        pytest.param("\x1b[31mred\x1b[0m", "red", id="colours are dropped"),
        pytest.param("\x1b]0;evil title\x07text", "text", id="a terminal title is dropped"),
        pytest.param("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click", id="a hidden link is dropped"),
        pytest.param("\x1b\x1b[0m[2J", "\\x1b[2J", id="what dropping joins is visible"),
        pytest.param("\x1b]52;c;ZXZpbA==", "\\x1b]52;c;ZXZpbA==", id="an unfinished sequence is visible"),
        pytest.param("\x9b2Jgone", "\\x9b2Jgone", id="the eight-bit escape is visible"),
        pytest.param("done\rFAILED", "done\nFAILED", id="a carriage return overwrites nothing"),
        pytest.param("a\r\nb", "a\nb", id="a Windows line end is one line end"),
        pytest.param("abc\b\b\bxyz\x00\x07", "abc\\x08\\x08\\x08xyz\\x00\\x07", id="backspaces hide nothing"),
        pytest.param("user\u202egnp.exe", "user\\u202egnp.exe", id="text is not turned round"),
        pytest.param("a\u2066b\u2069\u200f", "a\\u2066b\\u2069\\u200f", id="isolates and marks are visible"),
        pytest.param("one\u2028two\x85three", "one\\u2028two\\x85three", id="no hidden line end"),
        pytest.param("\udc80\ufeff", "\\udc80\\ufeff", id="what no file takes is visible"),
        pytest.param("x\U000e0061y", "x\\U000e0061y", id="invisible tags are visible"),
    ],
)
def test_a_terminal_shows_text_and_obeys_none(written: str, shown: str) -> None:
    assert sanitize.sanitize_for_terminal(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param("::set-output name=version::9.9.9", "\\::set-output name=version::9.9.9", id="a command"),
        pytest.param("built\n::add-mask::x", "built\n\\::add-mask::x", id="on a later line"),
        pytest.param("built\r::stop-commands::x", "built\n\\::stop-commands::x", id="after a carriage return"),
        pytest.param(" \t\u00a0\u3000::error::x", " \t\u00a0\u3000\\::error::x", id="after any white space"),
        pytest.param("\x1b[0m::error::x", "\\::error::x", id="behind a colour"),
        pytest.param("built ##[set-env name=PATH]/evil", "built ##\\[set-env name=PATH]/evil", id="an old command"),
        pytest.param("###[error]", "###\\[error]", id="an old command behind one more sign"),
        pytest.param("::::x", "\\::::x", id="doubled"),
        pytest.param("test_a.py::test_b", "test_a.py::test_b", id="a test's address stays"),
        pytest.param("## [1.0] - 2026", "## [1.0] - 2026", id="a heading stays"),
    ],
)
def test_a_log_commands_no_runner(written: str, shown: str) -> None:
    assert sanitize.sanitize_for_log(written) == shown


def test_an_annotation_ends_where_we_end_it() -> None:
    assert sanitize.escape_workflow_data("50%\r\n::error::x") == "50%25%0A::error::x"
    assert sanitize.escape_workflow_data("x ##[add-path]/evil") == "x ##\\[add-path]/evil"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param("Fix the parser", "Fix the parser", id="plain"),
        pytest.param("Thanks @octocat and @org/team", f"Thanks @{GAP}octocat and @{GAP}org/team", id="mentions"),
        pytest.param("Closes #1", f"Closes #{GAP}1", id="closing"),
        pytest.param("fixes org/repo#1, GH-2, gh-3", f"fixes org/repo#{GAP}1, GH-{GAP}2, gh-{GAP}3", id="references"),
        pytest.param(
            "resolves https://github.com/o/r/issues/1 www.evil.example",
            f"resolves https:{GAP}//github.com/o/r/issues/1 www{GAP}.evil.example",
            id="addresses are text",
        ),
        pytest.param("[click](https://evil.example)", f"\\[click\\](https:{GAP}//evil.example)", id="a link is text"),
        pytest.param("![](//evil.example/x.png)", "!\\[\\](//evil.example/x.png)", id="an image is text"),
        pytest.param("<img src=x> <!-- hide", "\\<img src=x\\> \\<!-- hide", id="HTML is text"),
        pytest.param("&#64;octocat &commat;x AT&T", f"\\&#{GAP}64;octocat \\&commat;x AT&T", id="entities are text"),
        pytest.param("__init__ *x* ~~y~~ $z$", "\\_\\_init\\_\\_ \\*x\\* \\~\\~y\\~\\~ \\$z\\$", id="emphasis is text"),
        pytest.param("\\@octocat \\<b>", f"\\\\@{GAP}octocat \\\\\\<b\\>", id="a backslash arms nothing"),
        pytest.param("# huge", "\\# huge", id="no heading"),
        pytest.param("1. first", "1\\. first", id="no numbered list"),
        pytest.param("- [ ] task", "\\- \\[ \\] task", id="no list"),
        pytest.param("a | b", "a \\| b", id="no table"),
        pytest.param("Use `@property` in `x`", "Use `@property` in `x`", id="code stays code"),
        pytest.param("Use `@a in @b", f"Use \\`@{GAP}a in @{GAP}b", id="an open span is text"),
        pytest.param("\\`@a`", f"\\\\\\`@{GAP}a\\`", id="an escaped span is text"),
        pytest.param("one\r\n\n  ## two\t3", "one ## two 3", id="one line"),
        pytest.param("name\u202e\x1b[0m", "name\\\\u202e\\\\x1b\\[0m", id="controls are visible"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_line_that_others_wrote_is_text_on_github(written: str, shown: str) -> None:
    assert sanitize.escape_markdown_line(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param(
            "### Added\n\n- **New** `api()` in [docs](https://x.example), see #12",
            "### Added\n\n- **New** `api()` in [docs](https://x.example), see #12",
            id="harmless Markdown stays",
        ),
        pytest.param("- by @octocat, _@org/team_", f"- by @{GAP}octocat, _@{GAP}org/team_", id="mentions"),
        pytest.param("&#64;octocat &#x40;x &commat;y", "&amp;#64;octocat &amp;#x40;x &amp;commat;y", id="entities"),
        pytest.param("a &lt; b &amp; c, AT&T", "a &lt; b &amp; c, AT&T", id="harmless entities stay"),
        pytest.param("Fixes #1, closed: GH-2", f"Fixes{GAP} #1, closed{GAP}: GH-2", id="closing"),
        pytest.param("_resolves_ [#1](https://x.example/1)", f"_resolves{GAP}_ [#1](https://x.example/1)", id="styled"),
        pytest.param("close o/r#1\nfix https://github.com/o/r/pull/2", None, id="closing elsewhere"),
        pytest.param("### Fixed\n\n- Fixed the parser (#3)", "### Fixed\n\n- Fixed the parser (#3)", id="not closing"),
        pytest.param("![x](u) !![y](u) \\![z](u)", "[x](u) [y](u) \\[z](u)", id="images are links"),
        pytest.param("<img src=x>\n<details>", "&lt;img src=x>\n&lt;details>", id="HTML is text"),
        pytest.param("\\<img src=x>", "\\&lt;img src=x>", id="HTML behind a backslash is text"),
        pytest.param("numpy <2, <https://x.example>", "numpy <2, <https://x.example>", id="less than stays"),
        pytest.param("a<!-- hidden\n -->b", "ab", id="comments are dropped"),
        pytest.param("a <!-- open", "a &lt;!-- open", id="an open comment hides nothing"),
        pytest.param("`<!--` and `-->`", "`<!--` and `-->`", id="a comment in code stays"),
        pytest.param("https://x.example/@me [y](https://z/@you)", None, id="an address keeps its way"),
        pytest.param("```py\n@property\n<b>\n```\n@a", f"```py\n@property\n<b>\n```\n@{GAP}a", id="fenced code stays"),
        pytest.param("~~~~\n@a\n~~~\n@b\n~~~~~\n@c", f"~~~~\n@a\n~~~\n@b\n~~~~~\n@{GAP}c", id="long fences"),
        pytest.param("```\n@a", "```\n@a\n```", id="an open fence is closed"),
        pytest.param("```\n@a\n    ```", "```\n@a\n    ```\n```", id="an indented end is no end"),
        pytest.param("``` a`b\n@c", f"``` a`b\n@{GAP}c", id="what only looks like a fence"),
        pytest.param("> ```\n@a\n> ```", f"> ```\n@{GAP}a\n> ```", id="a fence in a quotation is not trusted"),
        pytest.param("Use `@property`", "Use `@property`", id="code stays code"),
        pytest.param("``a ` @b`` @c", f"``a ` @b`` @{GAP}c", id="code with a backtick"),
        pytest.param("- a\n  ```\n@b\n  ```", f"- a\n  ```\n@{GAP}b\n  ```", id="nor a fence in a list"),
        pytest.param("`a\nb` @c `d\ne`", f"`a\nb` @{GAP}c `d\ne`", id="spans over two lines are not trusted"),
        pytest.param("`a\nb` @c\n\n`@d`", f"`a\nb` @{GAP}c\n\n`@d`", id="a paragraph answers for itself"),
        pytest.param("| ` | @evil | ` |\n|-|-|-|", f"| ` | @{GAP}evil | ` |\n|-|-|-|", id="a table cuts spans"),
        pytest.param("\\`@evil`", f"\\`@{GAP}evil`", id="an escaped span is not trusted"),
        pytest.param("@a\x1b[0m\u202e", f"@{GAP}a\\x1b[0m\\u202e", id="controls are visible"),
    ],
)
def test_the_projects_own_markdown_keeps_its_form_and_loses_its_reach(written: str, shown: str | None) -> None:
    made = sanitize.escape_markdown(written)
    if shown is not None:
        assert made == shown
    assert not reach(made)


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MENTION = re.compile(r"(?<![A-Za-z0-9_])@[A-Za-z0-9]")
CLOSING = re.compile(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+(?:[\w./:-]*#|gh-|https?://\S*/)\d")


def reach(markdown: str) -> list[str]:
    """Return what an independent parser of CommonMark still finds live."""
    return [fault for token in MARKDOWN.parse(markdown) for fault in faults(token)]


def faults(token: Token) -> list[str]:
    if token.type in {"image", "html_block", "html_inline"}:
        return [token.type]
    if token.type == "inline":
        prose = "".join(child.content or " " for child in token.children or () if child.type in {"text", "softbreak"})
        shown = [child for child in token.children or () if child.type != "text"]
        texts = [child.content for child in token.children or () if child.type == "text"]
        return [
            *(fault for child in shown for fault in faults(child)),
            *(text for text in texts if MENTION.search(text)),
            *CLOSING.findall(prose),
        ]
    return []


PIECES = (
    *"`~\\ \n@#<>![]()|&;-_*:\t\r>a1",
    *("``", "```", "\n```\n", "\n~~~\n", "\n\n", "    ", "- ", "> ", "1. ", "| ", "|-|-|\n", "<!--", "-->", "</b>"),
    *("@evil", "&#64;evil", "Fixes #1", "![x](y)", "<img src=x>", "https://x.example/"),
)
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@pytest.mark.slow
@given(HOSTILE | st.text())
def test_no_markdown_whatsoever_reaches_anyone(written: str) -> None:
    assert not reach(sanitize.escape_markdown(written))


@pytest.mark.slow
@given(HOSTILE | st.text())
def test_no_line_whatsoever_is_more_than_text(written: str) -> None:
    tokens = MARKDOWN.parse("- " + sanitize.escape_markdown_line(written))
    assert not [fault for token in tokens for fault in faults(token)]
    kinds = {token.type for token in tokens} | {c.type for token in tokens for c in token.children or ()}
    opened = {kind for kind in kinds if not kind.endswith("_close")}
    assert opened <= {"bullet_list_open", "list_item_open", "paragraph_open", "inline", "text", "code_inline"}


@given(st.text())
def test_a_line_reads_as_it_was_written(written: str) -> None:
    shown = MARKDOWN.parse("- " + sanitize.escape_markdown_line(written))
    texts = "".join(c.content for token in shown for c in token.children or () if c.type in {"text", "code_inline"})
    plain = " ".join(sanitize.make_visible(written).split())
    assert texts.replace(GAP, "") == plain.replace(GAP, "") or "`" in plain


@given(HOSTILE | st.text())
def test_a_fence_is_left_by_nothing(written: str) -> None:
    fence, *more = MARKDOWN.parse(sanitize.fence_markdown(written, "text"))
    assert (fence.type, fence.info, more) == ("fence", "text", [])
    assert fence.content == sanitize.make_visible(written) + "\n"


@given(st.text())
def test_inert_text_stays_as_it_is(written: str) -> None:
    for function in (sanitize.make_visible, sanitize.sanitize_for_terminal, sanitize.sanitize_for_log):
        assert function(function(written)) == function(written)


@pytest.mark.slow
@pytest.mark.parametrize(
    "hostile",
    [
        *("`", "`` ", "` `` ", "\\`", "```\n", "~~~ ", "\n", " \n", "\r", " ", "- ", "> ", "0", "\u202e"),
        *("\x1b[", "\x1b]", "##[", "::", "<!--", "<!-- `\n", "<a", "![", "!", "[", "@", "&", "&#6", "#", "https://"),
        *("fix ", "fix" + "." * 16, "fixes #"),
    ],
)
def test_hostile_text_takes_no_longer_than_other_text(hostile: str) -> None:
    # Quadratic work on this much would hold up any suite.
    text = hostile * (100_000 // len(hostile))
    assert [
        function(text)
        for function in (sanitize.sanitize_for_log, sanitize.escape_markdown, sanitize.escape_markdown_line)
    ]
