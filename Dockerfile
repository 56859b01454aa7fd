# The explorer in a container, for one server or for a node of a Ray cluster.
#   docker build -t explorer .                               PyTorch as the package index has it
#   docker build -t explorer --build-arg TORCH_INDEX=ADDRESS .         PyTorch's builds for a device
# ADDRESS is the index that PyTorch's install page names for CPU (much smaller) or a CUDA version.
# For Ray add --build-arg REQUIREMENTS=requirements-ray.txt
FROM python:3.12-slim

RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg tini \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
ARG TORCH_INDEX=""
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-ray.txt ./
RUN pip install --no-cache-dir "torch>=2.6,<2.14" ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} \
    && pip install --no-cache-dir -r "$REQUIREMENTS"

COPY app.py home.py ./
COPY .streamlit .streamlit
COPY explorer explorer
COPY pages pages
COPY stories stories
COPY checkpoints checkpoints

RUN useradd --create-home explorer && mkdir /runs && chown explorer /runs
USER explorer
ENV EXPLORER_RUNS=/runs OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app
VOLUME /runs
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD \
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health')"]
# The first process of a container takes in the helpers that outlive the server's own, and lets go of
# what has ended: else each class would leave some behind.
ENTRYPOINT ["tini", "--"]
CMD ["streamlit", "run", "app.py", "--server.headless=true", "--server.address=0.0.0.0"]
