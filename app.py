"""PhủSóng in the browser: ``streamlit run app.py``, or simply ``python3 run.py app``."""

import streamlit as st

from coverage.app import server

app = st.App(server.SCRIPT, **server.options())

if __name__ == "__main__":
    app.run()
