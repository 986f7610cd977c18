"""Values that the description shows."""

from __future__ import annotations

from typing import Any, Final

from retouch.task import DEFAULT_MODEL

TASK_ID = "^task_[0-9A-HJKMNP-TV-Z]{26}$"
EXAMPLE_ID = "task_01KAP3QW8ZJ4V5N6C7X9B2D1EF"
STARRY = "Change the background to a starry sky, keep the main subject"
PICTURE = "https://example.com/original.png"
# One grey pixel.
PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
EXAMPLE_REQUEST_ID = "req_01KAP3QW8ZJ4V5N6C7X9B2D1EF"

# Name, summary, body: one JSON submit of every dialect.
SUBMIT_EXAMPLES: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    (
        "task",
        "Answers at once with a task",
        {"model": DEFAULT_MODEL, "prompt": STARRY, "image_urls": [PICTURE], "n": 1},
    ),
    (
        "two",
        "Two pictures of a seed, the picture in the request",
        {"prompt": "Convert the image to cyberpunk style", "image_urls": [PIXEL], "n": 2, "seed": 7},
    ),
    ("openai", "OpenAI's form: waits for the pictures", {"prompt": STARRY, "images": [{"image_url": PIXEL}]}),
    ("xai", "xAI's form: waits for the pictures", {"prompt": STARRY, "image": {"url": PIXEL}}),
)

# A message for every status that a route documents.
PROBLEM_EXAMPLES: Final = {
    400: "n must be an integer from 1 to 10.",
    401: "This API key is not valid.",
    402: "The quota of this key is used up.",
    403: "This key may not do that.",
    404: "There is no such task.",
    405: "This route does not take that method; it takes GET.",
    408: "The request did not arrive in time.",
    409: "idempotency_key_reused: this key stood for another request.",
    410: "The pictures of this task have expired.",
    413: "The body has 40000000 bytes; at most 33554432 are taken.",
    415: "Send JSON, or a form with the picture.",
    429: "Too many requests; come back in 12 seconds.",
    431: "The headers have 20000 bytes; at most 16384 are taken.",
    500: "Something went wrong on our side. The request_id finds it in the server's log.",
    502: "The upstream's answer made no sense.",
    503: "10000 tasks wait already; try again later",
    504: "The task has not ended yet; it goes on.",
}

_NUMBER: Final = {"type": "integer", "minimum": 0}
# Name -> what it says, and how it looks. Those of the rate limit only where the key has one.
ANSWER_HEADERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "X-Request-Id": ("Finds this request in the log; your own is kept.", {"type": "string"}),
    "X-Task-Id": ("The task of this submit, in every dialect.", {"type": "string", "pattern": TASK_ID}),
    "Idempotency-Replayed": ("`true`: this submit was accepted before.", {"const": "true"}),
    "RateLimit-Limit": ("Requests a minute of the key.", _NUMBER),
    "RateLimit-Remaining": ("How many of them are left at once.", _NUMBER),
    "RateLimit-Reset": ("Seconds until all of them are there again.", _NUMBER),
    "Retry-After": ("Seconds after which another try may pass.", _NUMBER),
}
SUBMIT_HEADERS: Final = (
    "X-Task-Id",
    "Idempotency-Replayed",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
)
