package org.lethe.study;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The one file of a run folder with ids of persons. Only its owner can read it.
 *
 * @param format version of the file
 * @param key in hex, of the digests that stand in place of the ids
 * @param lists ids by what stands in their place
 */
record PersonsFile(int format, String key, Map<String, List<String>> lists) {
    static final String NAME = "persons.json";

    private static final int FORMAT = 1;

    static PersonsFile fresh() {
        return new PersonsFile(
                FORMAT, HexFormat.of().formatHex(Pseudonyms.fresh().key()), Map.of());
    }

    static PersonsFile read(Path folder, Path file) {
        PersonsFile read = RecordFile.plain(folder, file, PersonsFile.class);
        if (read.format != FORMAT || !read.key.matches("[0-9a-f]{64}")) {
            throw RecordFile.broken(file, "has format " + read.format + " or no key, expected format " + FORMAT);
        }
        return read;
    }

    Pseudonyms pseudonyms() {
        return Pseudonyms.of(HexFormat.of().parseHex(key));
    }

    /** With some lists more. */
    PersonsFile with(List<Pseudonyms.Listed> more) {
        Map<String, List<String>> all = new TreeMap<>(lists);
        Pseudonyms pseudonyms = pseudonyms();
        more.forEach(list -> all.put(pseudonyms.of(list), list.ids()));
        return new PersonsFile(format, key, all);
    }

    void write(Path file) {
        Storage.writePrivately(file, RecordFile.json(this).getBytes(StandardCharsets.UTF_8));
    }
}
