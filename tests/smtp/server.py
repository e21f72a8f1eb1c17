"""A mail server for tests: aiosmtpd, with planned faults.

    server.py PLAN [PORT]

It listens on a free port, or on PORT. PLAN is a comma-separated list of what happens to the next mails, in order; all
further mails are accepted:
    ok      the mail is accepted
    NNN     the recipient is refused with this code, such as 421, 450 or 550
    slow:N  the server takes the mail and answers after N seconds
    hang    the server takes the mail and never answers
    die     the server takes the mail and closes the connection without an answer
    close   the mail is accepted, and the server closes the connection before the next mail

It prints `port N` when it listens. Then it prints a line of JSON for each mail that it has taken, with the number of the
connection, the whole content, and its subject, text and links; and a line for each connection that the client ended by QUIT (the step `quit`) or the server by `close` (the
step `closed`).
"""

import asyncio
import itertools
import json
import re
import sys
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, Session, Envelope

PLAN = [step for step in sys.argv[1].split(",") if step]
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 0
NUMBERS = itertools.count(1)


def number(server: SMTP) -> int:
    """The number of the connection."""
    if not hasattr(server, "number"):
        server.number = next(NUMBERS)
    return server.number


def tell(line):
    print(json.dumps(line), flush=True)


def close(server: SMTP):
    server.transport.close()
    tell({"step": "closed", "connection": number(server)})


def readable(content: bytes):
    """What a person sees of a mail: its subject, its text, and the links in the text."""
    message = message_from_bytes(content, policy=policy.default)
    body = message.get_body(("plain",))
    text = body.get_content() if body else ""
    return {"subject": message["Subject"], "text": text, "links": re.findall(r"https?://\S+", text)}


class Handler:
    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options):
        step = PLAN[0] if PLAN else "ok"
        if step.isdigit():
            PLAN.pop(0)
            return f"{step} refused by plan"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope):
        step = PLAN.pop(0) if PLAN else "ok"
        mail = {
            "step": step,
            "connection": number(server),
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode("utf-8", "replace"),
            **readable(envelope.content),
        }
        tell(mail)
        if step == "hang":
            await asyncio.sleep(3600)
        if step.startswith("slow:"):
            await asyncio.sleep(int(step.removeprefix("slow:")))
        if step == "die":
            server.transport.abort()
        if step == "close":
            # The answer is written first.
            asyncio.get_running_loop().call_later(0.05, close, server)
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope):
        tell({"step": "quit", "connection": number(server)})
        return "221 Bye"


async def main():
    loop = asyncio.get_running_loop()
    make = lambda: SMTP(Handler(), enable_SMTPUTF8=True)
    listening = await loop.create_server(make, "127.0.0.1", PORT, reuse_address=True)
    print(f"port {listening.sockets[0].getsockname()[1]}", flush=True)
    # The test that started this server ends it by closing its input.
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
