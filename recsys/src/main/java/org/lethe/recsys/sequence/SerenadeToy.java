package org.lethe.recsys.sequence;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.tables.DataFiles;
import org.lethe.tables.TextRows;

/**
 * Clicks of a shop, from the example of Serenade, in its own three parts: 113,601 + 1,451 + 1,233 clicks in 24,385 sessions on
 * 18,009 items. There are no users and no categories: a session is a user of its own.
 */
@Named("serenade-toy")
public record SerenadeToy() implements DataSource<Events> {
    private static final String NAME = "serenade-toy";
    private static final String REMEDY =
            "take train.txt, valid.txt and test.txt from example.zip in the repository bolcom/serenade, assets/example";
    private static final List<Part> PARTS = List.of(Part.TRAIN, Part.VALIDATION, Part.TEST);
    private static final long APART = 1L << 32; // sessions of different files have numbers of their own

    @Override
    public Events load(DataFolders folders) {
        EventRows rows = new EventRows();
        List<Path> files = files(folders);
        for (int f = 0; f < files.size(); f++) {
            try (TextRows read = TextRows.open(files.get(f), "\t", StandardCharsets.UTF_8)) {
                read.next(); // the header
                while (read.next()) {
                    read.expect(3, 3, "SessionId, ItemId, Time");
                    long session = f * APART + read.dense(0, "SessionId");
                    rows.add(session, session, read.dense(1, "ItemId"), seconds(read));
                }
            }
        }
        Events events = rows.events(Events.Task.SESSIONS);
        Part[] partOf = new Part[events.groupCount()];
        Arrays.setAll(
                partOf, g -> PARTS.get((int) (Long.parseLong(events.groups().id(g)) / APART)));
        return SequenceSplits.parts(events, partOf);
    }

    private static long seconds(TextRows row) {
        String text = row.text(2);
        int dot = text.indexOf('.');
        try {
            return Long.parseLong(dot < 0 ? text : text.substring(0, dot));
        } catch (NumberFormatException e) {
            throw row.wrong("Time is \"" + text + "\", expected seconds");
        }
    }

    @Override
    public List<Path> files(DataFolders folders) {
        Path folder = DataFiles.folder(folders, "recsys", NAME, REMEDY);
        return IntStream.range(0, 3)
                .mapToObj(f -> DataFiles.needed(
                        folder,
                        REMEDY,
                        List.of("train.txt", "valid.txt", "test.txt").get(f)))
                .toList();
    }
}
