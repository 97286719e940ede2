package org.lethe.tables;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lethe.LetheException;
import org.lethe.Printable;

/** The columns of a delimited text file with a header. */
final class TextColumns extends Columns {
    private final String separator;
    private final List<String> header = new ArrayList<>();
    private final String hint;

    TextColumns(Path file, String separator) {
        super(file);
        this.separator = separator;
        try (TextRows rows = header(file)) {
            for (int field = 0; field < rows.count(); field++) {
                header.add(rows.text(field));
            }
            hint = rows.looksSeparatedOtherwise();
        }
    }

    private TextRows header(Path file) {
        TextRows rows = TextRows.quoted(file, separator);
        if (!rows.next()) {
            rows.close();
            throw new LetheException(
                    LetheException.Code.DATA, file + ": expected a header with the names of columns, found nothing");
        }
        return rows;
    }

    @Override
    Map<String, String> types() {
        Map<String, String> types = new LinkedHashMap<>();
        header.forEach(column -> types.put(column, ""));
        return types;
    }

    @Override
    String hint() {
        return hint;
    }

    @Override
    void requireOnce(List<String> wanted) {
        for (String column : wanted) {
            if (!column.isEmpty() && Collections.frequency(header, column) > 1) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        file() + ": two columns are called \"" + Printable.text(column)
                                + "\", expected different names");
            }
        }
    }

    @Override
    public Rows rows(List<Want> wanted) {
        int[] fields = wanted.stream().mapToInt(w -> header.indexOf(w.column())).toArray();
        TextRows rows = header(file());
        String names = String.join(", ", header);
        return new Rows() {
            @Override
            public boolean next() {
                if (!rows.next()) {
                    return false;
                }
                rows.expect(header.size(), header.size(), names);
                return true;
            }

            @Override
            public void id(int column, Ids to) {
                String id = rows.text(fields[column]);
                if (id.isEmpty()) {
                    throw wrong(column, "an id");
                }
                to.add(id);
            }

            @Override
            public String text(int column) {
                return rows.text(fields[column]);
            }

            @Override
            public double number(int column) {
                return Numbers.decimal(rows.text(fields[column]));
            }

            @Override
            public float single(int column) {
                return Numbers.single(rows.text(fields[column]));
            }

            @Override
            public String place() {
                return file() + ":" + rows.line();
            }

            @Override
            public LetheException wrong(int column, String expected) {
                return rows.wrong(
                        "expected " + expected + " in column \"" + Printable.text(header.get(fields[column])) + "\"");
            }

            @Override
            public void close() {
                rows.close();
            }
        };
    }
}
