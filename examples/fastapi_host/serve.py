"""Run the service with ``python serve.py``. The first run prints a token for each user."""

import asyncio
from pathlib import Path

import uvicorn
from newsroom import create_app
from newsroom.app import set_up
from newsroom.users import Users

from socialcollab import Sandbox

DATA = Path("newsroom-data")


def main() -> None:
    path = DATA / "newsroom.db"
    if not path.exists():
        DATA.mkdir(exist_ok=True)
        users = Users(path)
        users.create_tables()
        for user, team in (("eva", "owners"), ("ana", "writers"), ("ben", "editors")):
            print(user, users.add(user, name=user.title(), team=team))
        asyncio.run(set_up(path, owner="eva"))
    uvicorn.run(create_app(path, {"*": Sandbox(DATA / "sandbox")}), port=8000)


if __name__ == "__main__":
    main()
