"""The laws of stores, by subject; `StoreContract` puts them together."""
