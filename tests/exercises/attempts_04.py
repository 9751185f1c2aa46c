"""Attempts at the exercises of lesson 04: wrong ones with a part of what is said of them, and other right ones."""

from typing import Final

WRONG: Final = {
    "04.1": [
        ('ask("Tell me what 2 ** 200 is, in words")', "Put a Python block"),
        (
            'ask(block("print(2 ** 200)"), assistant=client.beta.assistants.create(model="gpt-4o"))',
            "does not have the tool",
        ),
        ('ask(block("2 ** 200; print(2)"))', "Its output is '2\\n'. Use `print(2 ** 200)`"),
        (
            """
ask("What is 2 ** 200?")
ask(block("print(2 ** 20)"))
""",
            "Code ran, but the question does not hold `2 ** 200`",
        ),
        (
            """
ask("What is 2 ** 200?")
ask("Please compute it.")
""",
            "Put a Python block",
        ),
    ],
    "04.2": [
        (
            """
ask(block("n = 41"))
ask(block("print(n + 1)"), metadata={"guess": "42"})
""",
            "You guessed 42. The last line of the output is \"NameError: name 'n' is not defined\"",
        ),
        (
            """
thread = client.beta.threads.create()
ask(block("n = 41"), thread)
ask(block("print(n + 1)"), thread, metadata={"guess": "42"})
""",
            "same thread",
        ),
        ('ask(block("print(n + 1)"), metadata={"guess": "NameError"})', "No earlier run has set `n = 41`"),
        (
            """
ask(block("n = 41"))
ask("What is n + 1?", metadata={"guess": "NameError"})
""",
            "no code printed `n + 1`",
        ),
    ],
    "04.3": [
        (
            """
file = client.files.create(file=("scores.csv", b"name,points\\nAda,7\\n"), purpose="assistants")
ask(block("print(open('/mnt/data/scores.csv').readline())"))
""",
            "Attach it to a message",
        ),
        (
            """
file = client.files.create(file=("scores.csv", b"name,points\\nAda,7\\n"), purpose="assistants")
given = [{"file_id": file.id, "tools": [{"type": "code_interpreter"}]}]
ask(block("print(open('/mnt/elsewhere/scores.csv').readline())"), attachments=given)
""",
            "FileNotFoundError",
        ),
        (
            """
file = client.files.create(file=("scores.csv", b"name,points\\nAda,7\\n"), purpose="assistants")
given = [{"file_id": file.id, "tools": [{"type": "code_interpreter"}]}]
ask(block("open('/mnt/data/scores.csv').readline()"), attachments=given)
""",
            "printed nothing",
        ),
        (
            """
file = client.files.create(file=("scores.csv", b"name,points\\nAda,7\\n"), purpose="assistants")
ask(block("print('name,points')"), attachments=[{"file_id": file.id, "tools": [{"type": "code_interpreter"}]}])
""",
            "No code has opened",
        ),
    ],
    "04.4": [
        ('ask(block("for n in range(1, 11): print(n * n)  # squares.csv"))', "is not there"),
        (
            """
ask(block("with open('/mnt/data/squares.csv', 'w') as f:\\n    for n in range(10): print(n * n, file=f)"))
""",
            "begins with 0, ends with 81 and holds 10 lines",
        ),
    ],
}
RIGHT: Final = {
    "04.1": ['ask("What is 2 ** 200?\\n" + block("answer = 2**200\\nprint(\'It is\', answer)"))'],
    "04.2": [
        """
thread = client.beta.threads.create()
ask(block("n=41"), thread)
ask(block("print(n)"), thread)
ask(block("print( n+1 )"), metadata={"guess": "`NameError`"})
""",
    ],
    "04.3": [
        """
file = client.files.create(file=("scores.csv", b"name;points\\nAda;7\\n"), purpose="assistants")
thread = client.beta.threads.create(
    messages=[
        {
            "role": "user",
            "content": block("for line in open('/mnt/data/scores.csv'):\\n    print(line)\\n    break"),
            "attachments": [{"file_id": file.id, "tools": [{"type": "code_interpreter"}]}],
        }
    ]
)
client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=analyst.id)
""",
    ],
    "04.4": [
        """
ask(block("open('/mnt/data/squares.csv', 'w').write('\\\\n'.join(f'{n},{n**2}' for n in range(1, 11)))"))
""",
    ],
}
