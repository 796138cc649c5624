# The front door. Each command installs what it needs and this machine lacks (see .ci/setup), builds
# in build/, and does nothing twice. The build itself is CMake's: see CMakeLists.txt and
# CMakePresets.json.

.DEFAULT_GOAL := help
.PHONY: help demo test asan tsan bench bench-figures bench-redis lint docs screenshots release abi fuzz fuzz-libfuzzer fuzz-afl torture attack attack-asan stress promises mutants coverage msan clean dist deb rock defold jar try-packages package-figures setup-demo setup-test setup-fuzz setup-bench setup-lint setup-docs setup-deb setup-rock setup-defold build-demo build-test build-bench emulator emulator-static macos wheel aar try-android

# Tests that run at the same time
JOBS ?= 2

# How long `make fuzz` runs each target, and `make stress` goes on, in seconds
TIME ?= 60

# For which platforms, by zig's names, `make wheel`, `make jar` and `make defold` build; TARGETS=all is each that they were tried for.
TARGETS ?= $(shell uname -m)-linux-gnu.2.28
all_targets = $(foreach processor,x86_64 aarch64,$(processor)-linux-gnu.2.28 $(processor)-linux-musl)
targets = $(patsubst all,$(all_targets),$(TARGETS))
# Those of their processors that the static emulator is built for
musl_targets = $(sort $(foreach target,$(targets),$(firstword $(subst -, ,$(target)))-linux-musl))

# WERROR=1 turns warnings into errors; without it a build tree stays as it is.
werror = $(if $(WERROR),-DCAPAUTH_WERROR=ON)

packages = build/packages
# Where the libraries that packages carry are built, and their sources
deps = $(or $(CAPAUTH_DEPS),build/deps)
version = $(shell sed -n 's/^project.capauth VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
archive = $(packages)/capauth-$(version).tar.gz

say = @printf '\n==> %s\n'
ctest = ctest --output-on-failure -j $(JOBS) --test-dir

help:
	@echo 'make demo    build everything, then sign a customer in from C, Python, Lua and Java'
	@echo 'make test    run all tests, the C parts also with AddressSanitizer and UBSan'
	@echo 'make asan    only that: the tests of the C parts with AddressSanitizer and UBSan'
	@echo 'make tsan    the tests of the C parts with ThreadSanitizer'
	@echo 'make msan    the tests of the rooms without libcurl, with MemorySanitizer'
	@echo 'make fuzz TIME=60  look for inputs that break a promise, for so many seconds each; ENGINE=afl: with AFL++'
	@echo 'make torture  let memory run out at every place, over plain HTTP and over TLS: half an hour'
	@echo 'make attack TIME=60 [SEED=]  attack the wrappers from their own languages, about so long for each part'
	@echo 'make attack-asan [SEED=]  the same, shorter, with AddressSanitizer and UBSan in the wrappers'
	@echo 'make stress TIME=60  eight threads do everything at once, under ThreadSanitizer'
	@echo 'make promises  break each promise of SECURITY.md and see whether its test notices'
	@echo 'make mutants [COUNT= ROOM= SEED=]  put small faults into the core and see whether the C tests notice'
	@echo 'make mutants FAULT=name  only this one, with what the tests say'
	@echo 'make coverage  count what the tests run of the core'
	@echo 'make emulator  build the emulator alone: seconds, and three libraries'
	@echo 'make emulator-static [TARGETS=all]  build it as one program that runs on any Linux'
	@echo 'make wheel [TARGETS=all]  build a wheel with all inside, an sdist, and a wheel of the emulator; for this machine, or for all'
	@echo 'make macos   compile the core and the emulator for macOS'
	@echo 'make bench   measure capauth next to what people would write instead (QUICK=1: in about a minute)'
	@echo 'make bench-figures  the same, and rewrite the figures that the README and the site show'
	@echo 'make bench-redis  measure what sharing customers in Redis costs'
	@echo 'make lint    check formatting, and look for mistakes without running anything'
	@echo 'make docs    build the site, in build/site: open build/site/index.html'
	@echo 'make screenshots  write pictures of the emulator'\''s page into build/screenshots'
	@echo 'make dist    make the release archive, with all that is generated inside, in build/packages'
	@echo 'make deb     make the Debian packages from it'
	@echo 'make rock    make what LuaRocks installs from it'
	@echo 'make defold [TARGETS=all]  lay out a library project for Defold, with a library for this machine, or for all'
	@echo 'make jar [TARGETS=all]  make a Maven repository of the jars, with natives for this machine, or for all'
	@echo 'make aar [NATIVES=FOLDER]  make the AAR for Android, with the NDK that ANDROID_NDK_ROOT names, or of these natives'
	@echo 'make try-android  build all of it with a compiler for musl in place of the NDK'\''s, and look at what came out'
	@echo 'make try-packages  install what these made where nothing else is, and sign in with it'
	@echo 'make package-figures  measure what these made, for the table that the site shows'
	@echo 'make release VERSION=x.y.z  write that version everywhere, and run everything'
	@echo 'make abi     describe what was added to the ABI, once CHANGELOG.md names it'
	@echo 'make clean   remove the folder build, where all of this happens'
	@echo
	@echo 'After make demo, ". build/env.sh" makes everything usable in your shell.'
	@echo 'Debian packages that are missing are installed, and named first.'

demo: build-demo
	$(say) 'Signing in from four languages'
	@tests/demo/run build

test: build-test asan
	@rm -rf build/figures && mkdir build/figures
	$(say) 'Running all tests'
	@$(ctest) build
	$(say) 'What they measured'
	@tests/figures build/figures

# Before the tests of all the rest, so that theirs is the last word.
asan tsan: setup-test
	$(say) 'Building the C parts with sanitizers, in build/$@'
	@cmake --preset $@ -DCAPAUTH_ATTACK_SANITIZED=OFF $(werror)
	@cmake --build build/$@
	$(say) 'Running the tests of the C parts with sanitizers'
	@$(ctest) build/$@

fuzz: fuzz-$(or $(ENGINE),libfuzzer)

fuzz-libfuzzer: setup-fuzz
	$(say) 'Building the fuzz targets with libFuzzer, in build/fuzz'
	@cmake --preset fuzz $(werror)
	@cmake --build --preset fuzz
	$(say) 'Fuzzing: $(TIME) seconds each'
	@tests/fuzz/run build/fuzz $(TIME)

fuzz-afl: setup-fuzz
	$(say) 'Building the fuzz targets with AFL++, in build/afl'
	@cmake --preset fuzz -B build/afl -DCMAKE_C_COMPILER=afl-clang-fast $(werror)
	@cmake --build build/afl --target capauth_fuzz
	$(say) 'Fuzzing with AFL++: $(TIME) seconds each'
	@tests/fuzz/run_afl build/afl $(TIME)

# Each allocation of the whole process; the short form, in `make test`, takes every fifth. Over TLS there are seven times
# as many, most of them in the handshake, which all lives share: each takes every 31st, beginning where no other does.
torture: build-test
	$(say) 'Letting memory run out, one allocation after the other'
	@CAPAUTH_EMULATOR=build/bin/capauth-emulator build/tests/test_torture --all 1
	@CAPAUTH_EMULATOR=build/bin/capauth-emulator build/tests/test_torture --all 31 --tls

attack: build-test
	@cmake build -DCAPAUTH_ATTACK_EVERY_PYTHON=ON
	$(say) 'Attacking the wrappers: SEED chooses the random parts'
	@CAPAUTH_ATTACK_SECONDS=$(TIME) CAPAUTH_ATTACK_SEED=$(or $(SEED),1) $(ctest) build -R attack

# The short form, which takes some ten times as long.
attack-asan: setup-test
	$(say) 'Building the wrappers with AddressSanitizer and UBSan, in build/asan'
	@cmake --preset asan -DCAPAUTH_TESTS=ON -DCAPAUTH_ATTACK_SANITIZED=ON '-DCAPAUTH_LUA_VERSIONS=5.1;5.2;5.3;5.4' $(werror)
	@cmake --build build/asan
	$(say) 'Attacking them: SEED chooses the random parts'
	@CAPAUTH_ATTACK_SEED=$(or $(SEED),1) $(ctest) build/asan -R attack

stress: setup-test
	$(say) 'Building the stress test with ThreadSanitizer, in build/tsan'
	@cmake --preset tsan $(werror)
	@cmake --build build/tsan --target test_stress capauth-emulator
	$(say) 'Eight threads do everything at once: $(TIME) seconds'
	@CAPAUTH_EMULATOR=build/tsan/bin/capauth-emulator TSAN_OPTIONS=suppressions=tests/core/tsan.supp \
		build/tsan/tests/test_stress $(TIME)

promises: build-test
	$(say) 'Breaking each promise of SECURITY.md, one at a time'
	@PYTHONPATH=tests build/venv/bin/python -B tests/promises/run.py build

# Without COUNT all of them, which takes hours.
mutants: build-test
	$(say) 'Putting small faults into the core, one at a time'
	@PYTHONPATH=tests build/venv/bin/python -B tests/mutants/run.py build $(if $(FAULT),--fault $(FAULT)) \
		$(if $(COUNT),--count $(COUNT)) $(if $(ROOM),--room $(ROOM)) $(if $(SEED),--seed $(SEED))

# What libraries write is not known to be written, unless they were built so, too: so the rooms that are tested without
# libcurl, and of those not what reads exports and escaped claims, where json-c has written.
msan: setup-fuzz
	$(say) 'Building the rooms base, protocol and net with MemorySanitizer, in build/msan'
	@cmake --preset msan -DCAPAUTH_TESTS=ON
	@cmake --build --preset msan
	@$(ctest) build/msan -R '^(net|values)\.' -E '^values\.(export|change_memory)$$'

# What looks at binaries or documents runs nothing of the core that the others do not.
coverage: setup-test
	$(say) 'Building everything with counters, in build/coverage'
	@cmake --preset coverage -DCAPAUTH_TESTS=ON
	@cmake --build build/coverage
	@find build/coverage -name '*.gcda' -delete
	$(say) 'Running the tests'
	@$(ctest) build/coverage -LE 'abi|package|structure|readme|valgrind|emulator|proof|stress'
	@PYTHONPATH=tests python3 -B tests/coverage/total.py build/coverage

build-bench: setup-bench
	$(say) 'Building the benchmark, in build/bench'
	@cmake --preset bench $(werror)
	@cmake --build build/bench

bench: build-bench
	$(say) 'Measuring: some minutes, best on a machine that does nothing else'
	@tests/bench/run build/bench $(if $(QUICK),--quick)

bench-figures: build-bench
	$(say) 'Measuring, for tests/bench/results: some minutes, best on a machine that does nothing else'
	@tests/bench/run build/bench --into tests/bench/results

# Built with warnings as errors, javac's among them.
lint: WERROR := 1
lint: setup-lint build-test
	@JOBS=$(JOBS) .ci/lint

release:
	@.ci/release "$(VERSION)"

abi: build-test
	$(say) 'Describing the ABI, in tests/abi'
	@python3 -B tests/abi/description.py write build/lib/libcapauth.so.1 core/include

bench-redis: build-test
	$(say) 'Measuring capauth.redis'
	@PYTHONPATH=build/python PYTHONSAFEPATH=1 CAPAUTH_EMULATOR=build/bin/capauth-emulator \
		build/venv/bin/python tests/bench/bench_redis.py

emulator: setup-emulator
	$(say) 'Building the emulator, in build/emulator'
	@cmake -G Ninja -S tests/emulator -B build/emulator -DCMAKE_BUILD_TYPE=RelWithDebInfo
	@cmake --build build/emulator
	@echo 'build/emulator/bin/capauth-emulator --listen 127.0.0.1:8080'

macos: setup-packages
	$(say) 'Compiling for macOS, in build/macos'
	@tests/macos/compile build/macos/aarch64 aarch64
	@tests/macos/compile build/macos/x86_64 x86_64

emulator-static: setup-packages
	$(say) 'Building the static emulator, in $(packages): some ten minutes the first time'
	@for target in $(musl_targets); do pkgconfig/emulator $$target $(packages) || exit 1; done

wheel: setup-packages
	$(say) 'Building wheels, in $(packages)/python: some ten minutes for each C library the first time'
	@for target in $(targets); do bindings/python/wheel capauth $$target || exit 1; done
	@for target in $(musl_targets); do bindings/python/wheel emulator $$target || exit 1; done
	@build/venv/bin/python -m build --sdist --no-isolation --outdir $(packages)/python bindings/python

docs: setup-docs build-demo
	$(say) 'Building the site, in build/site'
	@build/venv/bin/python core/docs/build.py build
	@echo 'open build/site/index.html'

dist: setup-demo
	$(say) 'Making the release archive'
	@pkgconfig/dist $(packages)

deb: setup-deb dist
	$(say) 'Making the Debian packages: some minutes'
	@pkgconfig/deb $(archive) $(packages)

rock: setup-rock dist
	$(say) 'Making the rock'
	@pkgconfig/rock $(archive) $(packages)

# There is no Defold for musl.
defold: setup-defold dist
	$(say) 'Laying out the project for Defold: some ten minutes for the C library the first time'
	@pkgconfig/deps/fetch $(deps)/sources
	@for target in $(filter %-gnu.2.28,$(targets)); do \
		pkgconfig/deps/build --target $$target $(deps)/sources $(deps)/$$target || exit 1; \
	done
	@bindings/lua/defold/lay_out $(archive) $(packages) $(addprefix $(deps)/,$(filter %-gnu.2.28,$(targets)))

jar: setup-packages build-demo
	$(say) 'Making the jars: some ten minutes for each C library the first time'
	@pkgconfig/deps/fetch $(deps)/sources
	@for target in $(targets); do \
		pkgconfig/deps/build --target $$target $(deps)/sources $(deps)/$$target || exit 1; \
	done
	@pkgconfig/jar build $(packages) $(addprefix $(deps)/,$(targets))

aar: setup-packages build-demo
	$(say) 'Making the AAR: some minutes for each of three processors the first time'
	@pkgconfig/aar $(if $(NATIVES),--natives $(NATIVES)) build $(packages)

try-android: setup-packages build-demo
	$(say) 'Making an AAR without an NDK, in build/android'
	@tests/android/try build/android

# What was not made fails.
try-packages: build-demo
	$(say) 'Installing the packages where nothing else is'
	@cd tests/packages && python3 -B -m unittest discover -v

package-figures:
	$(say) 'Measuring what is in $(packages), for core/docs/figures.md'
	@pkgconfig/figures $(packages)

screenshots: build-test
	$(say) 'Looking at the page of the emulator'
	@CAPAUTH_EMULATOR=build/bin/capauth-emulator build/venv/bin/python tests/emulator/screenshots.py build/screenshots
	@PYTHONPATH=build/python CAPAUTH_EMULATOR=build/bin/capauth-emulator \
		build/venv/bin/python tests/readme/picture.py build/screenshots/sign_in.png

clean:
	rm -rf build

setup-demo:
	@.ci/setup demo

setup-test:
	@.ci/setup demo test docs

setup-fuzz:
	@.ci/setup demo test fuzz

setup-bench:
	@.ci/setup demo bench

setup-lint:
	@.ci/setup demo test docs lint

setup-deb:
	@.ci/setup demo deb

setup-rock:
	@.ci/setup demo rock

setup-defold:
	@.ci/setup demo packages defold

setup-emulator:
	@.ci/setup emulator

setup-packages:
	@.ci/setup demo packages

setup-docs:
	@.ci/setup demo docs

# The tests stay switched on in a build tree once they were: `make demo` after `make test` changes nothing.
build-demo: setup-demo
	$(say) 'Building the core, the emulator and the wrappers, in build'
	@test -e build/build.ninja || cmake --preset release -DCAPAUTH_TESTS=OFF
	@cmake --build build

build-test: setup-test
	$(say) 'Building everything and its tests, in build'
	@cmake --preset release -DCAPAUTH_TESTS=ON -DCAPAUTH_ATTACK_EVERY_PYTHON=OFF $(werror)
	@cmake --build build
