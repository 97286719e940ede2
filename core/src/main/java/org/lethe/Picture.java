package org.lethe;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A picture that an audit shows beside its numbers. Coordinates and values are rounded to three decimals or six digits.
 */
public sealed interface Picture {
    /** The subject of the picture, as {@code gender}. */
    String title();

    /** A note on what is drawn and what must not be read into it; may be empty. */
    String note();

    /**
     * Points of several classes in a plane, panel by panel on the same axes.
     *
     * @param title what is shown, as {@code gender}
     * @param horizontal what the axis to the right is
     * @param vertical what the axis upwards is
     * @param note who is drawn and what must not be read into it
     * @param panels side by side, in their order
     */
    record Scatter(String title, String horizontal, String vertical, String note, List<Panel> panels)
            implements Picture {
        public Scatter {
            titled(title);
            Check.require(!panels.isEmpty(), "panels", "empty", "at least one");
            panels = List.copyOf(panels);
        }
    }

    /**
     * Lines over one axis, as accuracy over training steps, each with a band where there is one.
     *
     * @param title what is shown
     * @param horizontal what the axis to the right is
     * @param vertical what the axis upwards is
     * @param note what must not be read into it
     * @param lines in their order
     */
    record Curve(String title, String horizontal, String vertical, String note, List<Line> lines) implements Picture {
        public Curve {
            titled(title);
            Check.require(!lines.isEmpty(), "lines", "empty", "at least one");
            lines = List.copyOf(lines);
        }
    }

    /**
     * A value for each pair of a row and a column, as colour.
     *
     * @param title what is shown
     * @param horizontal what the columns are
     * @param vertical what the rows are
     * @param note what must not be read into it
     * @param columns names of the columns
     * @param rows names of the rows
     * @param values one list a row, one number a column
     */
    record HeatMap(
            String title,
            String horizontal,
            String vertical,
            String note,
            List<String> columns,
            List<String> rows,
            List<List<Float>> values)
            implements Picture {
        public HeatMap {
            titled(title);
            columns = List.copyOf(columns);
            rows = List.copyOf(rows);
            Check.require(!columns.isEmpty(), "columns", "empty", "at least one");
            Check.require(values.size() == rows.size(), "values.size", values.size(), "one list a row, " + rows.size());
            for (List<Float> row : values) {
                Check.require(
                        row.size() == columns.size(),
                        "values.size",
                        row.size(),
                        "one number a column, " + columns.size());
            }
            values = values.stream().map(Picture::digits).toList();
        }
    }

    /**
     * Images side by side, as a work before and after its protection.
     *
     * @param title what is shown
     * @param note what must not be read into it
     * @param frames from left to right
     */
    record Strip(String title, String note, List<Frame> frames) implements Picture {
        public Strip {
            titled(title);
            Check.require(!frames.isEmpty(), "frames", "empty", "at least one");
            frames = List.copyOf(frames);
        }
    }

    /**
     * One image of a strip; a run folder keeps it as a file beside its record.
     *
     * @param caption a few words below it
     * @param png the image as a PNG file
     */
    record Frame(String caption, byte[] png) {
        private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G'};

        public Frame {
            Check.require(
                    png.length > SIGNATURE.length && Arrays.equals(png, 0, 4, SIGNATURE, 0, 4),
                    "png",
                    png.length + " bytes without the signature of PNG",
                    "a PNG file");
            png = png.clone();
        }

        @Override
        public byte[] png() {
            return png.clone();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Frame frame && caption.equals(frame.caption) && Arrays.equals(png, frame.png);
        }

        @Override
        public int hashCode() {
            return Objects.hash(caption, Arrays.hashCode(png));
        }
    }

    /**
     * One line of a curve.
     *
     * @param name which, as {@code npo}
     * @param x to the right
     * @param y upwards
     * @param low lower ends of the band; empty where there is none
     * @param high upper ends of the band; empty where there is none
     */
    record Line(String name, List<Float> x, List<Float> y, List<Float> low, List<Float> high) {
        public Line {
            Check.require(x.size() == y.size(), "y.size", y.size(), "as many as x, " + x.size());
            for (List<Float> band : List.of(low, high)) {
                Check.require(band.isEmpty() || band.size() == x.size(), "band", band.size(), "0 or as many as x");
            }
            x = digits(x);
            y = digits(y);
            low = digits(low);
            high = digits(high);
        }
    }

    /**
     * One model.
     *
     * @param name which, as {@code before}
     * @param note a few words below it
     * @param classes in the same order in every panel
     */
    record Panel(String name, String note, List<Points> classes) {
        public Panel {
            classes = List.copyOf(classes);
        }
    }

    /**
     * One class in one panel. Coordinates are rounded to three decimals.
     *
     * @param label name of the class
     * @param x to the right
     * @param y upwards
     * @param mean x and y of the mean of the class, which may have more members than are drawn; empty for a class without any
     */
    record Points(String label, List<Float> x, List<Float> y, List<Float> mean) {
        public Points {
            Check.require(x.size() == y.size(), "y.size", y.size(), "as many as x, " + x.size());
            Check.require(mean.isEmpty() || mean.size() == 2, "mean.size", mean.size(), "0 or 2");
            x = rounded(x);
            y = rounded(y);
            mean = rounded(mean);
        }

        private static List<Float> rounded(List<Float> numbers) {
            return numbers.stream().map(Points::rounded).toList();
        }

        private static float rounded(float number) {
            Check.require(Float.isFinite(number), "coordinate", number, "a finite number");
            return (float) (Math.round(number * 1e3) / 1e3) + 0f; // no negative zero
        }
    }

    private static void titled(String title) {
        Check.require(!title.isBlank(), "title", "\"" + title + "\"", "words");
    }

    /** Six significant digits: values of any size, unlike coordinates of points. */
    private static List<Float> digits(List<Float> numbers) {
        return numbers.stream()
                .map(x -> {
                    Check.require(Float.isFinite(x), "value", x, "a finite number");
                    return new java.math.BigDecimal(x)
                            .round(new java.math.MathContext(6))
                            .floatValue();
                })
                .toList();
    }
}
