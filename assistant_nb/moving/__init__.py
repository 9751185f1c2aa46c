"""From assistants to responses: a thread becomes a conversation, and a run becomes a program."""
