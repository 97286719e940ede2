package org.lethe;

import java.util.List;

/**
 * Points of several classes in a plane, panel by panel on the same axes: what numbers say, to be looked at.
 *
 * @param title what is shown, as {@code gender}
 * @param horizontal what the axis to the right is
 * @param vertical what the axis upwards is
 * @param note who is drawn and what must not be read into it
 * @param panels side by side, in their order
 */
public record Picture(String title, String horizontal, String vertical, String note, List<Panel> panels) {
    public Picture {
        Check.require(!title.isBlank(), "title", "\"" + title + "\"", "words");
        Check.require(!panels.isEmpty(), "panels", "empty", "at least one");
        panels = List.copyOf(panels);
    }

    /**
     * One model.
     *
     * @param name which, as {@code before}
     * @param note a few words below it
     * @param classes in the same order in every panel
     */
    public record Panel(String name, String note, List<Points> classes) {
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
    public record Points(String label, List<Float> x, List<Float> y, List<Float> mean) {
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
}
