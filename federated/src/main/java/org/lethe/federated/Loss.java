package org.lethe.federated;

import java.io.Serializable;

/** What one client minimises in one round, as the derivative by the logit of a record. */
public interface Loss {
    /** A score nearer to 0 or 1 than this counts as this near, so that a logarithm stays finite. */
    float NEAR = 1e-7f;

    /** The derivative for the record at a place in the client's list, whose score is {@code p}. */
    float slope(int place, float p);

    /** Makes the loss of a client from what it holds and what the server sent; travels to the client. */
    interface Maker extends Serializable {
        /** The loss of this client. */
        Loss at(Place place);

        /** The weight of the client's update: its number of records unless an algorithm says otherwise. */
        default double share(Place place) {
            return place.rows().length;
        }

        /** The client's part of the number that divides the sum of weighted updates: its weight unless an algorithm says otherwise. */
        default double divisor(Place place, double share, double squaredNorm) {
            return share;
        }
    }

    /**
     * What one client holds, seen from inside.
     *
     * @param client its number
     * @param rows numbers of its records
     * @param records of which these are its own
     * @param groups the group of each record of the table, or −1; empty where nobody asked for groups
     * @param network the shape of the classifier
     * @param weights that the server sent
     */
    record Place(int client, int[] rows, Records records, int[] groups, Network network, float[] weights) {
        /** The label of a record of this client. */
        public int label(int place) {
            return records.labels()[rows[place]];
        }

        /** The group of a record of this client. */
        public int group(int place) {
            return groups[rows[place]];
        }

        /** The scores of its records under the weights that the server sent. */
        public float[] scores() {
            return network.scores(weights, records, rows);
        }

        /** The mean cross entropy of its records under these weights. */
        public double meanLoss() {
            float[] scores = scores();
            double sum = 0;
            for (int i = 0; i < rows.length; i++) {
                sum += crossEntropy(label(i), scores[i]);
            }
            return sum / rows.length;
        }
    }

    /** −log of the score that the label should have. */
    static double crossEntropy(int label, float score) {
        float p = Math.clamp(score, NEAR, 1 - NEAR);
        return -StrictMath.log(label == 1 ? p : 1 - p);
    }

    /** Plain training: the cross entropy of every record. */
    record CrossEntropy() implements Maker {
        @Override
        public Loss at(Place place) {
            return (i, p) -> p - place.label(i);
        }
    }
}
