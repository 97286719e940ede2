package org.lethe.recsys.backbone;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.tables.Entities;
import org.lethe.tables.Entities.Numeric;

/**
 * The numbers of a factorisation whose items have features in several modalities, joined in one row, with its pairwise loss.
 *
 * <p>The score of a pair is {@code p_u·q_i + Σ_m t_u^m · (E_m f_i^m)}: rows of users and items, and for each modality m a row of the
 * user and a tower E that turns the item's features f into such a row. A modality is all numeric attributes of items whose names
 * are the same before their last dot, as {@code picture.0}; over the items each feature has mean 0, and their squares sum to 1 on
 * average.
 */
public final class ItemTowers {
    private final int users;
    private final int items;
    private final int dims;
    private final int own;
    private final List<float[]> features = new ArrayList<>(); // of each modality, [items, width]
    private final List<Integer> towers = new ArrayList<>(); // where each begins

    private final int size;

    /**
     * The numbers for some data.
     *
     * @param dims length of the rows without features
     * @param own length of the rows of each modality
     */
    public ItemTowers(Interactions train, int dims, int own) {
        users = train.users();
        items = train.items();
        this.dims = dims;
        this.own = own;
        modalities(train.itemEntities()).forEach((name, columns) -> features.add(scaled(name, columns)));
        int at = users * width() + items * dims;
        for (float[] modality : features) {
            towers.add(at);
            at += own * (modality.length / items);
        }
        size = at;
    }

    private static Map<String, List<double[]>> modalities(Entities items) {
        Map<String, List<double[]>> modalities = new LinkedHashMap<>();
        items.attributes().forEach((name, attribute) -> {
            int dot = name.lastIndexOf('.');
            if (attribute instanceof Numeric(double[] values) && dot > 0) {
                modalities
                        .computeIfAbsent(name.substring(0, dot), _ -> new ArrayList<>())
                        .add(values);
            }
        });
        if (modalities.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "vbpr needs numeric attributes of items, as picture.0 and picture.1, which this data does not have; "
                            + "planted-features has them");
        }
        return modalities;
    }

    private float[] scaled(String name, List<double[]> columns) {
        int width = columns.size();
        float[] scaled = new float[items * width];
        for (int f = 0; f < width; f++) {
            double[] column = columns.get(f);
            double mean = Arrays.stream(column).average().orElse(0);
            double square =
                    Arrays.stream(column).map(v -> (v - mean) * (v - mean)).sum() / items;
            double by = square == 0 ? 0 : 1 / Math.sqrt(square * width);
            for (int i = 0; i < items; i++) {
                scaled[i * width + f] = (float) ((column[i] - mean) * by);
                if (!Float.isFinite(scaled[i * width + f])) {
                    throw new LetheException(
                            LetheException.Code.DATA,
                            "the attribute " + name + "." + f + " of item " + i + " is " + column[i]
                                    + ", expected a finite number");
                }
            }
        }
        return scaled;
    }

    /** Length of a user's row, over all modalities. */
    int width() {
        return dims + own * features.size();
    }

    /** How many numbers there are. */
    public int size() {
        return size;
    }

    /** Normal numbers, each user's and item's by their keys. */
    double[] initial(Interactions train, Env env, double sd) {
        double[] theta = new double[size];
        Embeddings rows = Training.initial(train, env, width(), sd);
        for (int n = 0; n < users * width(); n++) {
            theta[n] = rows.userRows()[n];
        }
        for (int i = 0; i < items; i++) {
            for (int d = 0; d < dims; d++) {
                theta[ofItem(i) + d] = rows.itemRows()[i * width() + d];
            }
        }
        Keyed towerKey = env.random("initial-towers");
        for (int n = towers.getFirst(); n < size; n++) {
            theta[n] = 10 * sd * Keyed.normal(towerKey.at(n - towers.getFirst())); // features are short
        }
        return theta;
    }

    private int ofItem(int item) {
        return users * width() + item * dims;
    }

    /** The numbers of a model. */
    public double[] of(Vbpr.Model model) {
        double[] theta = new double[size];
        Embeddings tables = model.served();
        for (int n = 0; n < users * width(); n++) {
            theta[n] = tables.userRows()[n];
        }
        for (int i = 0; i < items; i++) {
            for (int d = 0; d < dims; d++) {
                theta[ofItem(i) + d] = tables.itemRows()[i * width() + d];
            }
        }
        for (int m = 0; m < towers.size(); m++) {
            float[] tower = model.towers().get(m);
            for (int n = 0; n < tower.length; n++) {
                theta[towers.get(m) + n] = tower[n];
            }
        }
        return theta;
    }

    /** The model of these numbers: each item's row and what its towers say, side by side. */
    public Vbpr.Model model(double[] theta) {
        float[] userRows = new float[users * width()];
        for (int n = 0; n < userRows.length; n++) {
            userRows[n] = (float) theta[n];
        }
        float[] itemRows = new float[items * width()];
        double[] row = new double[width()];
        for (int i = 0; i < items; i++) {
            item(theta, i, row);
            for (int d = 0; d < row.length; d++) {
                itemRows[i * width() + d] = (float) row[d];
            }
        }
        List<float[]> towerRows = new ArrayList<>();
        for (int m = 0; m < towers.size(); m++) {
            float[] tower = new float[own * featuresOf(m)];
            for (int n = 0; n < tower.length; n++) {
                tower[n] = (float) theta[towers.get(m) + n];
            }
            towerRows.add(tower);
        }
        return new Vbpr.Model(new Embeddings(width(), userRows, itemRows), towerRows);
    }

    private int featuresOf(int modality) {
        return features.get(modality).length / items;
    }

    /** The whole row of an item. */
    private void item(double[] theta, int item, double[] into) {
        System.arraycopy(theta, ofItem(item), into, 0, dims);
        for (int m = 0; m < towers.size(); m++) {
            int width = featuresOf(m);
            for (int a = 0; a < own; a++) {
                double sum = 0;
                for (int f = 0; f < width; f++) {
                    sum += theta[towers.get(m) + a * width + f] * features.get(m)[item * width + f];
                }
                into[dims + m * own + a] = sum;
            }
        }
    }

    /**
     * The loss {@code −log σ(s_ui − s_uj)} of one sample; adds {@code factor} times its gradient.
     *
     * @param above item i, which is to stand higher
     * @param below item j
     */
    public double add(double[] theta, int user, int above, int below, double factor, double[] gradient) {
        double[] up = new double[width()];
        double[] down = new double[width()];
        item(theta, above, up);
        item(theta, below, down);
        int p = user * width();
        double x = 0;
        for (int d = 0; d < up.length; d++) {
            up[d] -= down[d];
            x += theta[p + d] * up[d];
        }
        double slope = -factor / (1 + Math.exp(x));
        for (int d = 0; d < up.length; d++) {
            gradient[p + d] += slope * up[d];
        }
        for (int d = 0; d < dims; d++) {
            gradient[ofItem(above) + d] += slope * theta[p + d];
            gradient[ofItem(below) + d] -= slope * theta[p + d];
        }
        for (int m = 0; m < towers.size(); m++) {
            int width = featuresOf(m);
            float[] of = features.get(m);
            for (int a = 0; a < own; a++) {
                double along = slope * theta[p + dims + m * own + a];
                for (int f = 0; f < width; f++) {
                    gradient[towers.get(m) + a * width + f] += along * (of[above * width + f] - of[below * width + f]);
                }
            }
        }
        return Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    /** Adam (Kingma and Ba 2015) on all numbers at once: a step costs as many operations as there are numbers. */
    public static final class Descent {
        private final double rate;
        private final double[] first;
        private final double[] second;
        private int steps;

        /** From zero moments. */
        public Descent(int size, double rate) {
            this.rate = rate;
            first = new double[size];
            second = new double[size];
        }

        /** One step against a gradient, which is then set to 0. */
        public void step(double[] theta, double[] gradient) {
            steps++;
            double ofFirst = 1 / (1 - Math.pow(0.9, steps));
            double ofSecond = 1 / (1 - Math.pow(0.999, steps));
            for (int n = 0; n < theta.length; n++) {
                double g = gradient[n];
                first[n] = 0.9 * first[n] + 0.1 * g;
                second[n] = 0.999 * second[n] + 0.001 * g * g;
                theta[n] -= rate * first[n] * ofFirst / (Math.sqrt(second[n] * ofSecond) + 1e-8);
                gradient[n] = 0;
            }
        }
    }
}
