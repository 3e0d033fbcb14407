"""Run the service in a folder of its own: ``python serve.py``, then ask it with a token it prints."""

import asyncio
from pathlib import Path

import uvicorn
from newsroom import create_app
from newsroom.app import prepare
from newsroom.people import People

from socialcollab import Sandbox


def main() -> None:
    home = Path("newsroom-data")
    path = home / "newsroom.db"
    if not path.exists():
        home.mkdir(exist_ok=True)
        people = People(path)
        people.prepare()
        for member, team in (("eva", "owners"), ("ana", "writers"), ("ben", "editors")):
            print(member, people.add(member, name=member.title(), team=team))
        asyncio.run(prepare(path, owner="eva"))
    uvicorn.run(create_app(path, {"*": Sandbox(home / "sandbox")}), port=8000)


if __name__ == "__main__":
    main()
