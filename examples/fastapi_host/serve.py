"""Run the service with ``python serve.py``. The first run prints a token for each user."""

import asyncio
import os
from pathlib import Path

import uvicorn
from newsroom import create_app
from newsroom.app import set_up
from newsroom.connections import Accounts
from newsroom.users import Users

from socialcollab import Sandbox
from socialcollab.networks import Renewal
from socialcollab.networks.x import X, XOAuth
from socialcollab.stores import FolderMedia, SqliteCredentials
from socialcollab.transport import Network, RenewedTokens

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
    networks: dict[str, Network] = {"*": Sandbox(DATA / "sandbox")}
    accounts = Accounts(SqliteCredentials(DATA / "tokens.db"), "http://127.0.0.1:8000")
    client_id = os.environ.get("SOCIALCOLLAB_X_CLIENT_ID")
    if client_id:
        secret = os.environ.get("SOCIALCOLLAB_X_CLIENT_SECRET", "")
        accounts.apps["x"] = XOAuth(client_id=client_id, client_secret=secret)
        tokens = RenewedTokens(accounts.credentials, Renewal(accounts.apps["x"]))
        networks["x"] = X(tokens, media=FolderMedia(DATA / "media"))
    print("connect accounts at", f"{accounts.base_url}/session")
    print("the redirect address for the apps of networks is", accounts.redirect_uri)
    app = create_app(path, networks, accounts=accounts)
    # The access log would contain the codes in the callbacks of the networks.
    uvicorn.run(app, port=8000, access_log=False)


if __name__ == "__main__":
    main()
