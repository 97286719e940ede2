package org.lethe.recsys.sequence;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.tables.Columns;
import org.lethe.tables.Ids;
import org.lethe.tables.Times;

/** Reads a user's own file of events, one a row, and a file with the categories of items. */
final class EventFile {
    private EventFile() {}

    /**
     * The events of a file.
     *
     * @param user its column of users; empty where a group is a user of its own
     * @param group its column of sessions or baskets
     * @param item its column of items
     * @param time its column of times
     */
    static Events read(Path file, Events.Task task, String user, String group, String item, String time) {
        Columns columns = Columns.open(file);
        columns.require(user, group, item, time);
        String owner = user.isEmpty() ? group : user;
        List<Columns.Want> wanted = List.of(
                new Columns.Want(owner, Columns.As.ID),
                new Columns.Want(group, Columns.As.ID),
                new Columns.Want(item, Columns.As.ID),
                new Columns.Want(time, Columns.As.TEXT));
        Ids users = new Ids();
        Ids groups = new Ids();
        Ids items = new Ids();
        Times times = new Times();
        try (Columns.Rows rows = columns.rows(wanted)) {
            while (rows.next()) {
                rows.id(0, users);
                rows.id(1, groups);
                rows.id(2, items);
                if (!times.add(rows.text(3))) {
                    throw rows.wrong(3, "seconds, or a date and time");
                }
            }
        }
        if (users.size() == 0) {
            throw new LetheException(
                    LetheException.Code.DATA, file + ": expected rows of events below the header, found none");
        }
        long[] userOf = users.keys();
        long[] groupOf = groups.keys();
        long[] itemOf = items.keys();
        long[] timeOf = times.all();
        EventRows rows = new EventRows();
        Set<List<Long>> seen = new HashSet<>();
        for (int n = 0; n < userOf.length; n++) {
            if (task == Events.Task.SESSIONS || seen.add(List.of(groupOf[n], itemOf[n]))) {
                rows.add(userOf[n], groupOf[n], itemOf[n], timeOf[n]);
            }
        }
        return rows.events(task, users::entities, groups::entities, items::entities, file.toString());
    }

    /** The same with the categories of items, from a file with the columns item and category. */
    static Events described(Events events, Path file) {
        Columns columns = Columns.open(file);
        columns.require("item", ItemGroups.CATEGORY);
        Map<String, String> categoryOf = new HashMap<>();
        try (Columns.Rows rows = columns.rows(List.of(
                new Columns.Want("item", Columns.As.TEXT), new Columns.Want(ItemGroups.CATEGORY, Columns.As.TEXT)))) {
            while (rows.next()) {
                String before = categoryOf.putIfAbsent(rows.text(0), rows.text(1));
                if (before != null && !before.equals(rows.text(1))) {
                    throw rows.wrong(1, "\"" + before + "\", as in an earlier row of the same item,");
                }
            }
        }
        if (categoryOf.keySet().stream().noneMatch(id -> events.items().find(id).isPresent())) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    file + ": expected items of the events, found none of them among its " + categoryOf.size()
                            + " items");
        }
        return events.withItems(ItemGroups.described(events.items(), categoryOf));
    }

    /** How many items of the events have no category. */
    static long unknown(Events events) {
        return Arrays.stream(events.items().categorical(ItemGroups.CATEGORY).codes())
                .filter(code -> code < 0)
                .count();
    }

    static Path there(String path, String what, DataFolders folders) {
        if (path.isBlank()) {
            throw new LetheException(
                    LetheException.Code.STUDY, what + ": path is \"\", expected the path of a file of events");
        }
        Path own = Path.of(path);
        Path file = Files.exists(own) ? own : folders.find(path).orElse(own);
        if (!Files.isRegularFile(file)) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    path + ": there is no such file, here or in the data folders " + folders.folders());
        }
        return file;
    }

    static List<Path> files(String path, String categories, String what, DataFolders folders) {
        List<Path> files = new ArrayList<>();
        files.add(there(path, what, folders));
        if (!categories.isEmpty()) {
            files.add(there(categories, what + ".categories", folders));
        }
        return List.copyOf(files);
    }
}
