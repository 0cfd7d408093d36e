// Screen readers choose their voice by the language of the page; Streamlit's own page says "en" whatever it holds.
export default ({ data }) => { document.documentElement.lang = data; };
