# A test runs these steps outside a container: tests/project/test_installed_elsewhere.py.

FROM python:3.12-slim AS build
WORKDIR /build
COPY . .
RUN pip install --no-cache-dir --constraint constraints.txt hatchling
RUN python -m hatchling build -t wheel -d /wheels
RUN python -m venv --without-pip /opt/flexsim
RUN pip --python /opt/flexsim/bin/python install --no-cache-dir --constraint constraints.txt /wheels/flex_platform_simulator-*.whl

# The image has Python, the installed simulator, and nothing of what built it.
FROM python:3.12-slim
COPY --from=build /opt/flexsim /opt/flexsim
# A number, so that Kubernetes can see that it is not root.
RUN useradd --uid 10001 --no-create-home --home-dir /data flexsim && install -d -o flexsim -g flexsim /data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000

# Other machines can reach a container, so it needs a secret: docker run -e FLEXSIM_CONTROL_TOKEN=... -p 127.0.0.1:8000:8000 IMAGE
ENV PATH=/opt/flexsim/bin:$PATH
ENV FLEXSIM_HOST=0.0.0.0 FLEXSIM_DATA=/data
ENTRYPOINT ["flexsim"]
CMD ["serve"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["flexsim", "health"]
