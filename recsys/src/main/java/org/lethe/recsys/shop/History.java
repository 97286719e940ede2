package org.lethe.recsys.shop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.List;
import org.lethe.LetheException;
import org.lethe.study.RunFolder;

/**
 * What happened to a recommender, one line an event. Each line has the SHA-256 of the line before, so none can be changed or taken out
 * unseen. No line holds an id of a person.
 */
final class History {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String START = "";

    /**
     * One event.
     *
     * @param version of the model that it made, from 1
     * @param time in UTC
     * @param event train, add or forget
     * @param users how many were asked for
     * @param items how many were asked for
     * @param interactions how many were there after it
     * @param removed how many interactions it removed
     * @param request keyed digest of the request, with which its sender can recognise it; empty without a request
     * @param method that learned or forgot, with its settings
     * @param promise of that method
     * @param verified whether a training without the data was compared, and had the same bits
     * @param seconds it took
     * @param data SHA-256 of the data after it
     * @param model SHA-256 of the model after it
     * @param previous SHA-256 of the line before; empty for the first
     */
    record Event(
            int version,
            String time,
            String event,
            int users,
            int items,
            long interactions,
            long removed,
            String request,
            String method,
            String promise,
            boolean verified,
            double seconds,
            String data,
            String model,
            String previous) {
        /** The same about a request. */
        Event asked(int askedUsers, int askedItems, long gone, String digest, boolean compared) {
            return new Event(
                    version,
                    time,
                    event,
                    askedUsers,
                    askedItems,
                    interactions,
                    gone,
                    digest,
                    method,
                    promise,
                    compared,
                    seconds,
                    data,
                    model,
                    previous);
        }

        /** The same in its place. */
        Event numbered(int number, Version.Digests digests, String before) {
            return new Event(
                    number,
                    time,
                    event,
                    users,
                    items,
                    interactions,
                    removed,
                    request,
                    method,
                    promise,
                    verified,
                    seconds,
                    digests.data(),
                    digests.model(),
                    before);
        }
    }

    private History() {}

    /** The lines with one event more, which gets the digest of the last line. */
    static List<String> with(List<String> lines, Event event) {
        List<String> more = new ArrayList<>(lines);
        try {
            more.add(JSON.writeValueAsString(event));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
        return more;
    }

    /** What the next event must have as the one before. */
    static String last(List<String> lines) {
        return lines.isEmpty() ? START : RunFolder.sha256(lines.getLast());
    }

    /** The events of lines; a {@code LetheException} names the first line that was changed. */
    static List<Event> read(List<String> lines, String file) {
        List<Event> events = new ArrayList<>();
        for (int n = 0; n < lines.size(); n++) {
            Event event;
            try {
                event = JSON.readValue(lines.get(n), Event.class);
            } catch (JsonProcessingException e) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ":" + (n + 1)
                                + ": is no event, or was cut off; expected one JSON object on each line, as Lethe wrote it",
                        e);
            }
            String expected = last(lines.subList(0, n));
            if (!event.previous.equals(expected)) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file + ":" + (n + 1)
                                + ": the line before was changed or taken out; expected one with the digest "
                                + event.previous);
            }
            events.add(event);
        }
        return events;
    }
}
