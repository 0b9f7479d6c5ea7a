#pragma once

#include "postgres/pool.hpp"
#include "runtime/outbox.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

namespace chatear::runtime {

/// Runs a statement of a store. What no event can be blamed for is Unavailable: beside the server
/// itself also tables that do not fit, with the remedy. Values that PostgreSQL refuses are a
/// std::runtime_error, upon which a Coalescer splits its batch.
asio::awaitable<postgres::Rows> run_store_statement(
    postgres::Pool& pool, const std::string& statement, postgres::Params params
);

/// The places of `requests` in the order of `key_of(request)`, in rounds: the first round holds
/// each key once, the second those that stand a second time, and so on. A statement per round then
/// never meets a key twice (which ON CONFLICT refuses), and two processes always lock rows in one
/// order.
template <typename Request, typename KeyOf>
std::vector<std::vector<std::size_t>> rounds_by_key(
    const std::vector<Request>& requests, const KeyOf& key_of
) {
    std::vector<std::size_t> order(requests.size());
    for (std::size_t n = 0; n < order.size(); ++n) {
        order[n] = n;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        return key_of(requests[left]) < key_of(requests[right]);
    });
    std::vector<std::vector<std::size_t>> rounds;
    std::size_t repeats = 0;
    for (std::size_t n = 0; n < order.size(); ++n) {
        const bool same = n > 0 && key_of(requests[order[n - 1]]) == key_of(requests[order[n]]);
        repeats = same ? repeats + 1 : 0;
        if (rounds.size() <= repeats) {
            rounds.emplace_back();
        }
        rounds[repeats].push_back(order[n]);
    }
    return rounds;
}

/// Cuts a round into parts of about `most_bytes`, by `bytes_of(request)`: a statement's parameters
/// must fit into memory, here and in the server, several times over.
template <typename Request, typename BytesOf>
std::vector<std::vector<std::size_t>> parts_by_size(
    const std::vector<Request>& requests,
    const std::vector<std::size_t>& places,
    std::size_t most_bytes,
    const BytesOf& bytes_of
) {
    std::vector<std::vector<std::size_t>> parts;
    std::size_t bytes = most_bytes;
    for (const std::size_t place : places) {
        if (bytes >= most_bytes) {
            parts.emplace_back();
            bytes = 0;
        }
        parts.back().push_back(place);
        bytes += bytes_of(requests[place]);
    }
    return parts;
}

}  // namespace chatear::runtime
