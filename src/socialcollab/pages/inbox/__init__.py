"""The inbox, a conversation and a case as HTML."""

from socialcollab.pages.inbox.views import case_view, conversation_view, inbox_list

__all__ = ["case_view", "conversation_view", "inbox_list"]
