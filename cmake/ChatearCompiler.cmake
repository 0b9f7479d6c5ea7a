# What every target of ours is compiled with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

set(CHATEAR_SANITIZE "" CACHE STRING "address, undefined, or empty")
option(CHATEAR_TESTS "Build the tests" ON)
option(CHATEAR_BENCH "Know bench/ where there are no tests: `./dev bench` measures what is shipped" OFF)
option(CHATEAR_CRASH_POINTS "CRASH_AT ends a worker where it says; for tests, not for what is deployed" ON)
option(CHATEAR_FUZZ "Build the libFuzzer targets instead of the tests (clang only)" OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
    # The sloppiness is what lets ccache look through a precompiled header.
    set(ccache ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_NOHASHDIR=1 "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" ${CCACHE_PROGRAM})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${ccache})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
    add_link_options(-fuse-ld=mold)
endif()

add_library(chatear_options INTERFACE)
target_compile_options(chatear_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Woverloaded-virtual -Wnon-virtual-dtor -Wextra-semi -Werror)
# An aggregate that leaves the rest of its members at their defaults is how options are written here.
target_compile_options(chatear_options INTERFACE -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What these find depends on the optimizer, and with it g++ is wrong about std::string (gcc bug 105651).
    foreach(alarm array-bounds stringop-overflow stringop-overread restrict maybe-uninitialized)
        if(CHATEAR_SANITIZE)
            target_compile_options(chatear_options INTERFACE -Wno-${alarm})
        else()
            target_compile_options(chatear_options INTERFACE $<$<CONFIG:Release>:-Wno-${alarm}>)
        endif()
    endforeach()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # Without it ccache never hits behind a precompiled header.
    target_compile_options(chatear_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()

if(CHATEAR_SANITIZE STREQUAL "address")
    # Line numbers are all that a report needs; whole debug information costs a fifth of the build's time.
    add_compile_options(-fsanitize=address -fno-omit-frame-pointer -O0 -g1)
    add_link_options(-fsanitize=address)
elseif(CHATEAR_SANITIZE STREQUAL "undefined")
    add_compile_options(-fsanitize=undefined -fno-sanitize-recover=all -O0 -g1)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        # The check of function types breaks every coroutine ("Cannot represent a difference across sections", clang 14).
        add_compile_options(-fno-sanitize=function)
    endif()
    add_link_options(-fsanitize=undefined)
elseif(CHATEAR_SANITIZE)
    message(FATAL_ERROR "CHATEAR_SANITIZE is '${CHATEAR_SANITIZE}': allowed are address, undefined, or nothing")
endif()
if(CHATEAR_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What the sanitizers weave in leads it astray in coroutines.
    target_compile_options(chatear_options INTERFACE -Wno-mismatched-new-delete)
endif()
if(CHATEAR_FUZZ)
    # The check of function types breaks every coroutine ("Cannot represent a difference across sections", clang 14).
    add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function -fno-sanitize-recover=all)
    add_link_options(-fsanitize=address,undefined)
endif()
