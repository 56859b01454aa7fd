"""Guided lectures: those that come with the app, and a lecturer's own."""

import streamlit as st

from explorer.stories.names import misspelt
from explorer.stories.reading import LARGEST, read
from explorer.stories.story import Story, StoryError
from explorer.stories.template import TEMPLATE
from explorer.ui import frame, link_names, stories, story_bar

frame.page(
    "Stories",
    intro="Guided lectures on the pages of this app. Every step sets the page, asks what will "
    "happen, and then shows it. Go on with → or a presenter's clicker, back with ←.",
)
story_bar.cards({n: s for n, s in stories.bundled().items() if isinstance(s, Story)})
for name, problem in stories.bundled().items():
    if isinstance(problem, StoryError):
        st.text("\n".join([f"stories/{name} is no story:", *map(str, problem.faults)]))


def _given() -> None:
    """Check what was uploaded; a story that is good can run, in this session alone. A callback."""
    file = st.session_state["_story_file"]
    stories.take_own(None)
    st.session_state["_story_faults"] = st.session_state["_story_remarks"] = ()
    if file is None:
        return
    try:
        stories.take_own(read(file.getvalue(), stories.PAGES))
    except StoryError as problem:
        st.session_state["_story_faults"] = problem.faults
    else:
        found = misspelt(file.getvalue().decode(), link_names.nearest)
        st.session_state["_story_remarks"] = found


st.subheader("Write your own", anchor=False)
left, right = st.columns([0.45, 0.55], gap="large")
with left:
    st.markdown(
        "A story is one text file. Each step begins with `## ` and a title. Set a page up as you "
        "want it, **copy its address** from the browser into `link:`, and write what is to be "
        "said, in Markdown with `$equations$`.\n\n"
        "- `question:` with two to five answers, `- [x]` the right one; `reveal:` says why.\n"
        "- `then:` is the address to open once it is answered.\n"
        "- `look:` says where to look, `code:` which function to show.\n"
        "- A step without `link:` keeps the picture of the one before.\n\n"
        "Upload it here and it runs in this browser tab. To give it to a class, put the file into "
        "the folder `stories` of the server: then its links work for everyone."
    )
    st.download_button(
        "Download the template",
        TEMPLATE,
        "story.md",
        "text/markdown",
        icon=":material/download:",
        on_click="ignore",
    )
    st.file_uploader(
        f"Your story, up to {LARGEST // 1000} kB",
        type=["md", "txt"],
        max_upload_size=1,
        key="_story_file",
        help="It is read line by line, and what is wrong is said here. Nobody else sees it.",
        on_change=_given,
    )
    faults = st.session_state.get("_story_faults", ())
    if faults:
        st.error(f"{len(faults)} to put right:" if len(faults) > 1 else "One thing to put right:")
        st.text("\n".join(map(str, faults)))
    own = stories.known().get(stories.OWN)
    if own is not None:
        st.success("It is ready.", icon=":material/check_circle:")
        remarks = st.session_state.get("_story_remarks", ())
        if remarks:
            st.warning("It runs, but these names in its links are passed over:")
            st.text("\n".join(map(str, remarks)))
        story_bar.cards({stories.OWN: own})
with right:
    st.code(TEMPLATE, language="markdown", height=560)
