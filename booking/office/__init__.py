"""The back office: who offers what, where and when, run by administrators."""
