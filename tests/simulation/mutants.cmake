# The mutants: copies of the layer and the server with a fault planted in each, that the simulation
# is to find. A mutant is the simulation with one source replaced: an object in the program takes
# the place of the same one in its library.
#
#     mutant(NAME SOURCE TEXT REPLACEMENT)
#
# The text stands in the source exactly once. Called as a script it plays them:
#
#     cmake -DFOLDER=FOLDER -DMUTANTS=NAME,NAME... -DSEEDS=FROM-TO -P mutants.cmake
cmake_minimum_required(VERSION 3.25)

function(play_mutants)
    string(REPLACE "," ";" names "${MUTANTS}")
    set(survivors "")
    foreach(name IN LISTS names)
        execute_process(COMMAND ${FOLDER}/simulate_mutant_${name} --seeds ${SEEDS} TIMEOUT 60
                        OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
        if(result STREQUAL "1" AND output MATCHES "([0-9]+) passed, 1 failed")
            math(EXPR seeds "${CMAKE_MATCH_1} + 1")
            string(REGEX MATCH "[^\n]*(simulated|tenon):[^\n]*" reason "${output}")
            message("${name}: found after ${seeds} seeds: ${reason}")
        else()
            message("${name}: NOT found in the seeds ${SEEDS} (${result})")
            list(APPEND survivors ${name})
        endif()
    endforeach()
    if(survivors)
        message(FATAL_ERROR "not found: ${survivors}")
    endif()
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
    play_mutants()
    return()
endif()

set(mutants "")

function(mutant name source text replacement)
    set(path ${PROJECT_SOURCE_DIR}/${source})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(READ ${path} content)
    string(REPLACE "${text}" "${replacement}" mutated "${content}")
    string(REPLACE "${text}" "" without "${content}")
    foreach(variable content without text)
        string(LENGTH "${${variable}}" ${variable}_length)
    endforeach()
    math(EXPR once "${without_length} + ${text_length}")
    if(NOT content_length EQUAL once)
        message(FATAL_ERROR "mutant ${name}: ${source} has not exactly one of\n${text}")
    endif()
    cmake_path(GET source FILENAME file)
    set(copy ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}/${file})
    file(GENERATE OUTPUT ${copy} CONTENT "${mutated}")
    add_executable(simulate_mutant_${name} ${copy})
    target_include_directories(simulate_mutant_${name} PRIVATE
        ${PROJECT_SOURCE_DIR}/platform ${PROJECT_SOURCE_DIR}/src)
    target_compile_options(simulate_mutant_${name} PRIVATE -w)
    target_link_libraries(simulate_mutant_${name} PRIVATE simulate_objects)
    set(mutants ${mutants} ${name} PARENT_SCOPE)
endfunction()

# ---- completions and memory ----

mutant(completion_dropped platform/common/stream_turn.c
[[    send->on_sent(send, send->error.status);]]
[[    if (send->error.status != TENON_CANCELED) {
        send->on_sent(send, send->error.status);
    }]])

mutant(completion_doubled platform/common/stream_turn.c
[[        (void)stream->reader.on_ready(stream, status);]]
[[        (void)stream->reader.on_ready(stream, status);
        if (status == TENON_END && (stream->flags & STREAM_RECEIVING) == 0) {
            (void)stream->reader.on_ready(stream, status);
        }]])

mutant(entry_reused_before_its_send src/server/service.c
[[    if (!send_entry(session, entry, on_echo_sent)) {]]
[[    if (!send_entry(session, entry, on_echo_sent)) {
        reserve_give(&session->worker->reserve, entry);]])

mutant(cancel_not_awaited platform/common/stream.c
[[    if (!begun || stream->loop->backend->send_cancel(stream)) {]]
[[    (void)stream->loop->backend->send_cancel(stream);
    if ((stream->flags & STREAM_SEND_DONE) == 0) {]])

# ---- the loop ----

mutant(wake_lost platform/common/loop.c
[[    loop->woken = false;
    uint32_t count = 0;]]
[[    uint32_t count = 0;]])

mutant(message_run_later platform/common/loop.c
[[    messages_run(loop);
    timers_run(loop);
    listeners_run(loop);
    connects_run(loop);
    streams_run(loop);]]
[[    timers_run(loop);
    listeners_run(loop);
    connects_run(loop);
    streams_run(loop);
    messages_run(loop);]])

mutant(timer_early platform/common/timer.c
[[        tick++;
    }
    return tick > TICK_MAX]]
[[    }
    return tick > TICK_MAX]])

# ---- close ----

mutant(closed_without_awaiting platform/common/stream_turn.c
[[        if (!stream_disarm(stream)) {
            return false;
        }
        drop_readable(stream);]]
[[        (void)stream_disarm(stream);
        drop_readable(stream);]])

mutant(closed_on_unread_input platform/common/stream_turn.c
[[    return drain(stream);]]
[[    return close_now(stream, false, TENON_OK);]])

mutant(close_without_deadline platform/common/stream.c
[[    if (timeout != TENON_FOREVER) {
        tenon_timer_start(stream->loop, &stream->close_timer,]]
[[    if (timeout == TENON_FOREVER) {
        tenon_timer_start(stream->loop, &stream->close_timer,]])

mutant(half_close_lost platform/common/stream_turn.c
[[    stream->send = NULL;
    stream_finish_if_idle(stream);]]
[[    stream->send = NULL;]])

# This and the next were faults of the layer itself, which the simulation found.
mutant(abort_half_closes platform/common/stream.c
[[    uint32_t over = STREAM_FINISHED | STREAM_ABORTING;]]
[[    uint32_t over = STREAM_FINISHED;]])

mutant(end_lost_to_a_cancel platform/common/stream.c
[[    TENON_ASSERT((stream->flags & STREAM_END_TOLD) == 0);]]
[[    TENON_ASSERT((stream->flags & STREAM_ENDED) == 0);]])

# ---- sending and receiving ----

mutant(rest_of_a_send_ignored platform/common/send.c
[[            send->offset += sent;
            return false;]]
[[            send->offset += sent;
            return send->piece + 1 == send->piece_count && sent > 0;]])

mutant(first_failure_forgotten platform/common/stream.c
[[    if (take == TAKE_END && stream->error.status != TENON_OK) {]]
[[    if (take == TAKE_END && stream->error.status == TENON_CANCELED) {]])

mutant(pause_ignored platform/common/stream_turn.c
[[    if (flow == TENON_PAUSE) {]]
[[    if (flow == TENON_PAUSE && (stream->flags & STREAM_LENT) == 0) {]])

mutant(delivered_after_cancel platform/common/stream_turn.c
[[    if (flags & STREAM_RECEIVE_CANCEL) {
        end_receive]]
[[    if ((flags & STREAM_RECEIVE_CANCEL) != 0 && (flags & STREAM_READABLE) == 0) {
        end_receive]])

mutant(taken_while_paused platform/common/stream_turn.c
[[        (void)stream_disarm(stream);
    }
}]]
[[    }
}]])

# ---- accepting and connecting ----

mutant(no_back_off platform/common/listener.c
[[time_after(loop->now, back_off_pause)]]
[[loop->now]])

mutant(queue_forgotten platform/common/listener.c
[[    listener->flags |= graceful ? LISTENER_DRAINING : LISTENER_CLOSING;]]
[[    listener->flags |= LISTENER_CLOSING;]])

mutant(loser_not_abandoned platform/common/connect.c
[[            connect->loop->backend->abandon(attempt);]]
[[]])

mutant(connect_without_deadline platform/common/connect.c
[[    if (timeout > 0 && timeout != TENON_FOREVER) {]]
[[    if (timeout > 0 && timeout == TENON_FOREVER) {]])

# ---- the server ----

mutant(partial_send_ignored src/server/service.c
[[    if (sent == entry->piece.size) {]]
[[    if (sent > 0) {]])

mutant(answer_not_lingered_for src/server/service.c
[[    tenon_stream_finish(&session->stream);
    session_linger(session);]]
[[    session_close(session, TENON_CLOSE_GRACEFUL);]])

mutant(drain_without_deadline src/server/server.c
[[    if (server->drain != TENON_FOREVER) {]]
[[    if (server->drain < 0) {]])

mutant(unwanted_socket_kept src/server/server.c
[[    tenon_socket_discard(handover->socket);]]
[[]])

mutant(session_leaked src/server/worker.c
[[    session_list_append(&worker->free, session);
    tenon_lock_take(&worker->shared.lock);]]
[[    tenon_lock_take(&worker->shared.lock);]])

mutant(worker_not_told src/server/worker.c
[[    if (shared->watched) {]]
[[    if (shared->watched && worker->local) {]])

mutant(handover_dropped src/server/worker.c
[[    while (take_handover(worker, &handover)) {]]
[[    if (take_handover(worker, &handover)) {]])

mutant(drain_timer_left src/server/server.c
[[        tenon_timer_stop(server->loop, &server->drain_timer);]]
[[]])

mutant(cut_off_unsaid src/server/server.c
[[        server->code = EXIT_CODE_CUT_OFF;]]
[[]])

mutant(waiting_not_resumed src/server/worker.c
[[        worker_unqueue(worker, session);
        tenon_stream_receive_resume(&session->stream);]]
[[        worker_unqueue(worker, session);]])

mutant(stuck_for_ever src/server/session.c
[[stuck_min = 5 * TENON_SECOND;]]
[[stuck_min = 500 * TENON_SECOND;]])

mutant(answer_undecided src/server/service.c
[[    server_decide(worker->server, session, EXIT_CODE_OK);]]
[[]])

# ---- the gate ----

mutant(deny_ignored src/server/access.c
[[    return !access_list_has(deny, address) &&
           (access]]
[[    return (access]])

mutant(allow_ignored src/server/access.c
[[(access_list_is_empty(allow) || access_list_has(allow, address));]]
[[true;]])

mutant(limit_one_too_high src/server/crowd.c
[[place->count < crowd->limit;]]
[[place->count <= crowd->limit;]])

mutant(crowd_never_left src/server/gate.c
[[        crowd_leave(&server->crowd, peer);]]
[[]])

mutant(network_of_a_whole_address src/server/crowd.c
[[        end = 8;]]
[[        end = 16;]])

mutant(header_of_anybody src/server/gate.c
[[    if (!access_list_has(&options->proxies, &handover->peer)) {]]
[[    if (access_list_is_empty(&options->proxies)) {]])

mutant(header_never_late src/server/session.c
[[        left = header_whole - since(session, session->active_ms);]]
[[        left = timeout - since(session, session->active_ms);]])

mutant(checksum_ignored src/server/proxy.c
[[    if (checksum != NULL && reason == NULL &&]]
[[    if (checksum != NULL && reason != NULL &&]])

mutant(certificate_unverified src/server/proxy.c
[[    } else if (header->tls_verify != 0) {]]
[[    } else if (header->tls_verify == 1) {]])

mutant(certificate_unasked src/server/proxy.c
[[    } else if ((client & (TLS_CERTIFICATE_NOW | TLS_CERTIFICATE_EARLIER)) == 0) {]]
[[    } else if (client == 0) {]])

mutant(local_served src/server/service.c
[[    if (session->is_local) {]]
[[    if (session->is_local && worker->options->once) {]])

mutant(header_shown_to_the_service src/server/gate.c
[[    entry->size -= size;
    memmove(entry->data, entry->data + size, entry->size);]]
[[    (void)size;]])

mutant(always_the_first_worker src/server/server.c
[[        if (server_count_open(server, i) < server_count_open(server, best)) {]]
[[        if (server_count_open(server, i) + 4 < server_count_open(server, best)) {]])

# ---- the client ----

mutant(full_output_ignored src/client/exchange.c
[[        return TENON_PAUSE;
    }
    start_pause(exchange);]]
[[    }
    start_pause(exchange);]])

mutant(wait_without_end src/client/client.c
[[ && tenon_loop_now(client->loop) < client->wait_end;]]
[[;]])

mutant(source_forgotten src/client/client.c
[[        exchange_send_more(&client->exchange);]]
[[]])

mutant(piece_sent_twice src/client/exchange.c
[[        source->take(source);
        exchange_send_more(exchange);]]
[[        exchange_send_more(exchange);]])

mutant(held_for_ever src/client/exchange.c
[[        transcript_release(transcript, expectation->text);
        transcript_end(transcript);]]
[[        transcript_end(transcript);]])

list(JOIN mutants "," names)
tenon_test(mutants LABELS simulation TIMEOUT 300
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${CMAKE_CURRENT_BINARY_DIR} -DMUTANTS=${names}
            -DSEEDS=1-20000 -P ${CMAKE_CURRENT_LIST_FILE})
