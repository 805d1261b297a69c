# A test runs these steps outside a container: tests/project/test_installed_elsewhere.py.

FROM python:3.12-slim AS build
WORKDIR /build
COPY . .
RUN pip install --no-cache-dir --constraint constraints.txt hatchling
RUN python -m hatchling build -t wheel -d /wheels

FROM python:3.12-slim
COPY --from=build /build/constraints.txt /wheels/
COPY --from=build /wheels/ /wheels/
RUN pip install --no-cache-dir --constraint /wheels/constraints.txt /wheels/flex_platform_simulator-*.whl
RUN useradd --create-home flexsim && mkdir /data && chown flexsim /data
USER flexsim
WORKDIR /data
VOLUME /data
EXPOSE 8000

# Other machines can reach a container, so it needs a secret: docker run -e FLEXSIM_CONTROL_TOKEN=... -p 8000:8000 IMAGE
ENV FLEXSIM_HOST=0.0.0.0 FLEXSIM_DATA=/data
CMD ["flexsim", "serve"]
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["flexsim", "health"]
