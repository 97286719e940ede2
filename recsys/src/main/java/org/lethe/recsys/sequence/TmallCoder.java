package org.lethe.recsys.sequence;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.tables.DataFiles;
import org.lethe.tables.TextRows;

/**
 * Purchases of Tmall, one sequence per user and day, with categories of items, as prepared for CoDeR: 28,004 + 7,001 sequences,
 * 13,714 items in 649 categories. The published test part is the last day, on which most of the rest was bought too; a tenth of
 * that rest, drawn by the numbers of the sequences, is the validation part.
 */
@Named("tmall-coder")
public record TmallCoder() implements DataSource<Events> {
    private static final String NAME = "tmall-coder";
    private static final String REMEDY = "make train.tsv, test.tsv (user, day, items) and item_category.tsv from"
            + " datasets/tmall in the repository hellolst23/CoDeR";

    @Override
    public Events load(DataFolders folders) {
        List<Path> files = files(folders);
        EventRows rows = new EventRows();
        long sequence = 0;
        long trained = 0;
        for (Path file : files.subList(0, 2)) {
            try (TextRows read = TextRows.open(file, "\t", StandardCharsets.UTF_8)) {
                read.next(); // the header
                while (read.next()) {
                    read.expect(3, 3, "user, day, items");
                    long user = read.whole(0, "user");
                    long day = day(read);
                    String[] items = read.text(2).split(" ", -1);
                    for (int n = 0; n < items.length; n++) {
                        rows.add(user, sequence, number(items[n], read), day * SequenceSplits.DAY + n);
                    }
                    sequence++;
                }
            }
            trained = trained == 0 ? sequence : trained;
        }
        Events events = EventFile.described(rows.events(Events.Task.SESSIONS), files.get(2));
        Part[] partOf = new Part[events.groupCount()];
        long first = trained;
        Keyed drawn = Keyed.seed(0).of("validation of tmall-coder");
        Arrays.setAll(partOf, g -> {
            long number = Long.parseLong(events.groups().id(g));
            return number >= first ? Part.TEST : Keyed.below(drawn.at(number), 10) == 0 ? Part.VALIDATION : Part.TRAIN;
        });
        return SequenceSplits.parts(events, partOf);
    }

    private static long day(TextRows row) {
        try {
            return LocalDate.parse(row.text(1)).toEpochDay();
        } catch (DateTimeParseException e) {
            throw row.wrong("day is \"" + row.text(1) + "\", expected a date");
        }
    }

    private static long number(String item, TextRows row) {
        try {
            return Long.parseLong(item);
        } catch (NumberFormatException e) {
            throw row.wrong("item is \"" + item + "\", expected a whole number");
        }
    }

    @Override
    public List<Path> files(DataFolders folders) {
        Path folder = DataFiles.folder(folders, "recsys", NAME, REMEDY);
        return List.of(
                DataFiles.needed(folder, REMEDY, "train.tsv"),
                DataFiles.needed(folder, REMEDY, "test.tsv"),
                DataFiles.needed(folder, REMEDY, "item_category.tsv"));
    }
}
