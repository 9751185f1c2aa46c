"""Mistakes with what a request holds: roles, tools, versions, names of parameters and of models."""

from typing import Final

from ..row import Lesson, Mistake

_VERSIONS: Final = Lesson("02", "Version 2 of the same run")

ROWS: Final = (
    Mistake(
        "wrong role",
        r"BadRequestError",
        r"'(?P<role>.*)'\. Supported values are: 'user' and 'assistant'",
        'A thread takes messages of "user" and "assistant". System words belong in the instructions.',
        ("{as_user}",),
        Lesson("03", "Tutor two: an assistant"),
    ),
    Mistake(
        "wrong role",
        r"BadRequestError",
        r"'(?P<role>.*)'\. Supported values are: 'system', 'developer', 'user'",
        "You are the user, the model is the assistant.",
        ("{as_user}",),
        Lesson("03", "Tutor one: chat completions"),
    ),
    Mistake(
        "wrong tool name",
        r"BadRequestError",
        r"^Invalid value: '(?P<tool>.*)'\. Supported values are: 'code_interpreter'",
        "Version 2 of the API has no tool `{tool}`. Did you mean `{near_tool}`?",
        ("{with_tool}",),
        Lesson("05", "An assistant that searches"),
        fits=lambda facts, _: facts.param.endswith("].type"),
    ),
    Mistake(
        "wrong tool name",
        r"BadRequestError",
        r"^Invalid type for 'tools",
        "Tools are a list of dictionaries. Each names its type.",
        ('tools=[{{"type": "file_search"}}]',),
        Lesson("05", "An assistant that searches"),
    ),
    Mistake(
        "v1 body, v2 header",
        r"BadRequestError",
        r"^Unknown parameter: '(?:.*\.)?(?P<old>file_ids)'",
        "`file_ids` is of version 1, and the header of this request says version 2. In version 2 a message"
        " has `attachments`, an assistant `tool_resources`.",
        ("{attached}",),
        _VERSIONS,
    ),
    Mistake(
        "v1 body, v2 header",
        r"NotFoundError",
        r"^Invalid URL .*/(assistants|messages)/[^/]+/files",
        "Only version 1 has this address, and the header of this request says version 2.",
        ("{in_v1}",),
        _VERSIONS,
    ),
    Mistake(
        "v2 body, v1 header",
        r"BadRequestError",
        r"cannot be used with the Assistants API in v1|provide the 'OpenAI-Beta' header|^Unknown beta",
        "The header of this request does not say version 2, which knows this. The SDK says so if you leave it alone.",
        ("{in_v2}",),
        _VERSIONS,
    ),
    Mistake(
        "misspelt parameter",
        r"TypeError|BadRequestError",
        r"unexpected keyword argument|Missing required arguments|^Unknown parameter",
        "There is no parameter `{word}`. Did you mean `{meant}`?",
        ("{corrected}",),
        Lesson("01", "Step 1: Create an assistant"),
        None,
        lambda facts, _: bool(facts.misspelt and facts.misspelt[1]),
    ),
    Mistake(
        "misspelt parameter",
        r"TypeError|BadRequestError",
        r"unexpected keyword argument|Missing required arguments|^Unknown parameter",
        "There is no parameter `{word}`.",
        ("{help}",),
        Lesson("01", "Step 1: Create an assistant"),
        None,
        lambda facts, _: bool(facts.misspelt),
    ),
    Mistake(
        "unknown model",
        r"NotFoundError",
        r"^The model '(?P<model>.*)' does not exist",
        "No model with this name answers here. Look at the names of those that do, or let practice answer to any name.",
        ("[model.id for model in {client}.models.list()]", '{start_with}model="practice")'),
        Lesson("01", "Try your own"),
    ),
)
