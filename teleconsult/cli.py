"""The `teleconsult` command. Exit status: 0 done, 1 refused (the reason is on standard error), 2 wrong usage."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from pydantic import ValidationError

from teleconsult.database import connect, migrate
from teleconsult.settings import Settings

MOST_WORKERS = 256

Command = Callable[[Settings, argparse.Namespace], Coroutine[Any, Any, int]]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command, with its help."""
    parser = argparse.ArgumentParser(prog="teleconsult", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="bring the database up to date and serve until stopped")
    serve.add_argument("--host", help="address to listen on")
    serve.add_argument("--port", type=int, help="TCP port to listen on")
    serve.add_argument("--workers", type=_count, default=1, help="processes to serve with (needs Redis, PostgreSQL)")

    demo = commands.add_parser("demo", help="load the demonstration and serve it (known passwords, no real data)")
    demo.add_argument("--host", help="address to listen on")
    demo.add_argument("--port", type=int, help="TCP port to listen on")

    commands.add_parser("migrate", help="bring the database to the newest version of its schema")

    make = commands.add_parser("makemigrations", help="write a migration for models that changed (developers)")
    make.add_argument("app", nargs="*", help="accounts, booking, signaling, kiosks or feedback")

    accounts = commands.add_parser("accounts", help="people who sign in").add_subparsers(dest="action", required=True)
    add = accounts.add_parser("add", help="create an account; asks for the password")
    add.add_argument("email")
    add.add_argument("--name", required=True, help="how the person is shown")
    add.add_argument("--role", required=True, choices=["agent", "staff", "administrator"], action="append")

    sites = commands.add_parser("sites", help="France Services houses").add_subparsers(dest="action", required=True)
    load = sites.add_parser("import", help="import the public list of houses (CSV); shows what it would do first")
    load.add_argument("file", help="the CSV file")
    load.add_argument("--yes", action="store_true", help="do it, instead of only showing it")
    return parser


async def _migrate(settings: Settings, _args: argparse.Namespace) -> int:
    await migrate(settings.database)
    print("The database is up to date.")
    return 0


async def _makemigrations(_settings: Settings, args: argparse.Namespace) -> int:
    from tortoise.cli.cli import run_cli_async

    command = ["-c", "teleconsult.database.MIGRATIONS_CONFIG", "makemigrations", *args.app]
    return int(await run_cli_async(command))


async def _add_account(settings: Settings, args: argparse.Namespace) -> int:
    from teleconsult.accounts.register import EmailTaken, PasswordTooShort, register

    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    await migrate(settings.database)
    database = await connect(settings.database)
    try:
        await register(args.email, args.name, password, args.role)
    except EmailTaken:
        return refuse(f"There is an account for {args.email} already.")
    except PasswordTooShort as short:
        return refuse(f"The password needs {short.params['minimum']} characters at least.")
    finally:
        await database.close()
    print("The account is there.")
    return 0


async def _import_sites(settings: Settings, args: argparse.Namespace) -> int:
    from booking.commands import import_sites

    await migrate(settings.database)
    database = await connect(settings.database)
    try:
        return await import_sites(args.file, write=args.yes)
    finally:
        await database.close()


def refuse(reason: str) -> int:
    """Say on standard error why a command was refused and return its exit status."""
    print(reason, file=sys.stderr)
    return 1


def _serve(settings: Settings, args: argparse.Namespace) -> int:
    from teleconsult.serve import serve

    return serve(settings, demo=args.command == "demo", workers=getattr(args, "workers", 1))


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"must be 1 to {MOST_WORKERS}")
    return number


def load_settings(args: argparse.Namespace) -> Settings:
    """Return the settings of the environment with those of the command line over them."""
    given = {name: value for name in ("host", "port") if (value := getattr(args, name, None)) is not None}
    if args.command == "demo":
        given["demo"] = True
    return Settings(**given)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status."""
    args = build_parser().parse_args(argv)
    try:
        settings = load_settings(args)
    except ValidationError as refused:
        for error in refused.errors():
            print(f"TELECONSULT_{'_'.join(map(str, error['loc'])).upper()}: {error['msg']}", file=sys.stderr)
        return 1
    if args.command in ("serve", "demo"):
        return _serve(settings, args)
    actions: dict[str, Command] = {
        "migrate": _migrate,
        "makemigrations": _makemigrations,
        "accounts": _add_account,
        "sites": _import_sites,
    }
    return asyncio.run(actions[args.command](settings, args))
