# The three kinds of target of this project. Each folder declares itself with one call.

# Of a fuzz build: its targets drive the pure cores, and the asynchronous shells are what costs most to compile.
function(chatear_without_coroutines sources)
    set(pure)
    foreach(source ${${sources}})
        file(STRINGS "${source}" coroutines REGEX "^([^/]|/[^/])*co_(await|return)" LIMIT_COUNT 1)
        if(NOT coroutines)
            list(APPEND pure ${source})
        endif()
        # A file that becomes pure, or is so no longer, is seen in a kept build folder too.
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
    endforeach()
    if(NOT pure)
        message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR}: every file has a coroutine, so a fuzz build has nothing of it: give its pure core a file")
    endif()
    set(${sources} ${pure} PARENT_SCOPE)
endfunction()

# chatear_library(NAME SOURCES file... [LINK target...]): src/<NAME>/ as chatear_<NAME>.
# LINK names what its headers may include; tests/tidy checks that includes follow these arrows.
function(chatear_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
    if(CHATEAR_FUZZ)
        chatear_without_coroutines(arg_SOURCES)
    endif()
    add_library(chatear_${name} STATIC ${arg_SOURCES})
    file(GLOB headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.hpp")
    target_sources(chatear_${name} PUBLIC
        FILE_SET HEADERS BASE_DIRS "${CMAKE_SOURCE_DIR}/src" FILES ${headers})
    set_target_properties(chatear_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
    target_link_libraries(chatear_${name} PUBLIC ${arg_LINK} PRIVATE chatear_options ${arg_PRIVATE_LINK})
    if(NOT name STREQUAL "base")
        target_link_libraries(chatear_${name} PUBLIC chatear_base)
    endif()
    target_precompile_headers(chatear_${name} REUSE_FROM chatear_asio)
endfunction()

# chatear_executable(NAME SOURCES file... LINK target...): build/<preset>/bin/<NAME>.
function(chatear_executable name)
    cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE chatear_options ${arg_LINK})
    if(NOT CHATEAR_SANITIZE)
        # A fifth of a worker's time less than with glibc's malloc: hundreds of events are in hand at once.
        target_link_libraries(${name} PRIVATE PkgConfig::jemalloc)
    endif()
    target_precompile_headers(${name} REUSE_FROM chatear_asio)
endfunction()

# chatear_tests(unit|integration FOLDER SOURCES file... [LINK target...]): one executable a folder,
# run as one ctest with label = kind; its tests are shuffled, so none may lean on another. FOLDER's library
# is linked where there is one of that name.
function(chatear_tests kind folder)
    cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
    set(name "${kind}_${folder}_tests")
    add_executable(${name} ${arg_SOURCES})
    if(TARGET chatear_${folder})
        list(PREPEND arg_LINK chatear_${folder})
    endif()
    target_link_libraries(${name} PRIVATE chatear_options ${arg_LINK} chatear_test_support)
    target_precompile_headers(${name} REUSE_FROM chatear_test_support)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    add_test(NAME ${kind}.${folder} COMMAND ${name} --gtest_shuffle --gtest_brief=1
        WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    set_tests_properties(${kind}.${folder} PROPERTIES LABELS ${kind} TIMEOUT 900
        ENVIRONMENT "CHATEAR_BINARY_DIR=${CMAKE_BINARY_DIR}")
endfunction()
