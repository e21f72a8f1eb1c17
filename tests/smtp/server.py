"""A mail server for tests: aiosmtpd on a free port, with planned faults.

    server.py PLAN

PLAN is a comma-separated list of what happens to the next mails, in order; all further mails are accepted:
    ok      the mail is accepted
    NNN     the recipient is refused with this code, such as 450 or 550
    hang    the server takes the mail and never answers
    die     the server takes the mail and closes the connection without an answer

It prints `port N` when it listens, and then one line of JSON for each mail that it has taken.
"""

import asyncio
import json
import sys

from aiosmtpd.smtp import SMTP, Session, Envelope

PLAN = [step for step in sys.argv[1].split(",") if step]


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
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode("utf-8", "replace"),
        }
        print(json.dumps(mail), flush=True)
        if step == "hang":
            await asyncio.sleep(3600)
        if step == "die":
            server.transport.abort()
        return "250 OK"


async def main():
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: SMTP(Handler(), enable_SMTPUTF8=True), "127.0.0.1", 0)
    print(f"port {listening.sockets[0].getsockname()[1]}", flush=True)
    # The test that started this server ends it by closing its input.
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
