package org.lethe.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.Collectors;
import org.lethe.Printable;

/**
 * Charts that stand together in the page: their data and options as JSON, and the boxes that {@code charts.js} draws them in.
 *
 * @param kind how the script puts the options together, and after a space what else the style is to know
 * @param caption as HTML
 * @param legend as HTML, or empty
 * @param boxes one for each chart
 * @param data what the script of this kind reads
 */
record Figure(String kind, String caption, String legend, List<Box> boxes, ObjectNode data) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The kind of heat maps that take the width of the page. */
    static final String BROAD = "heat broad";

    private static final int SIDE_BY_SIDE = 3;

    /**
     * Where one chart is drawn.
     *
     * @param title above it
     * @param label what it shows, for those who do not see it
     * @param height in pixels, or 0 for a square; the width follows the page
     */
    record Box(String title, String label, int height) {}

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    /** Hidden until the script has something to show. */
    String html() {
        StringBuilder html =
                new StringBuilder("<figure class=\"charts " + kind + "\" data-kind=\"" + kind.split(" ", 2)[0]
                        + "\" hidden=\"\"><figcaption>" + caption + where() + "</figcaption>" + legend
                        + "<div class=\"panels\">");
        for (int i = 0; i < boxes.size(); i++) {
            Box box = boxes.get(i);
            html.append("<div class=\"panel\"" + (chosen() && i > 0 ? " hidden=\"\"" : "") + "><h4>"
                    + Page.escape(box.title()) + "</h4><div class=\"chart\" role=\"img\" aria-label=\""
                    + Page.escape(box.label() + "; the numbers stand in the tables") + "\" style=\""
                    + (box.height() > 0 ? "height:" + box.height() + "px" : "aspect-ratio:1;min-height:0")
                    + "\"></div></div>");
        }
        return html.append("</div><script type=\"application/json\">" + json() + "</script></figure>\n")
                .toString();
    }

    /** Many large charts are a wall: then one is shown, and the reader chooses which. */
    private boolean chosen() {
        return (kind.equals("bars") || kind.equals(BROAD)) && boxes.size() > SIDE_BY_SIDE;
    }

    private String where() {
        if (!chosen()) {
            return "";
        }
        return " <label>of <select data-choice=\"where\">"
                + boxes.stream()
                        .map(b -> "<option>" + Page.escape(b.title()) + "</option>")
                        .collect(Collectors.joining())
                + "<option value=\"\">every " + (kind.equals(BROAD) ? "method" : "place")
                + "</option></select></label>";
    }

    /** No character in it can end the element or begin another, whatever the names in the study are. */
    private String json() {
        try {
            return Printable.text(JSON.writeValueAsString(
                            data)) // what it escapes stands in strings, where JSON has the same escapes
                    .replace("&", "\\u0026")
                    .replace("<", "\\u003c")
                    .replace(">", "\\u003e");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of plain values cannot fail to be written", e);
        }
    }
}
