package org.lethe.transport;

/** The costs of moving one unit, kept as a whole or computed row by row. */
sealed interface Costs {
    int rows();

    int columns();

    /** Costs of row {@code i}, from {@link #start} of the array that is returned: {@code scratch}, or one that holds them already. */
    double[] row(int i, double[] scratch);

    int start(int i);

    double at(int i, int j);

    /** The largest cost in size; where costs are not kept, a number that none is above, at most four times the largest. */
    double largest();

    /** The costs between some rows and some columns. */
    Costs picked(int[] rows, int[] columns);

    /** Rows whose sums over columns are kept together. */
    int block();

    /** An n × m matrix. */
    record Matrix(double[] values, int rows, int columns) implements Costs {
        @Override
        public double[] row(int i, double[] scratch) {
            return values;
        }

        @Override
        public int start(int i) {
            return i * columns;
        }

        @Override
        public double at(int i, int j) {
            return values[i * columns + j];
        }

        @Override
        public double largest() {
            double largest = 0;
            for (double c : values) {
                largest = Math.max(largest, Math.abs(c));
            }
            return largest;
        }

        @Override
        public Costs picked(int[] some, int[] others) {
            if (some.length == rows && others.length == columns) {
                return this;
            }
            return new Matrix(Support.pick(values, columns, some, others), some.length, others.length);
        }

        @Override
        public int block() {
            return Sweep.BLOCK;
        }
    }

    /** ‖x − y‖² between two clouds, made again each time a row is asked for; blocks are few, so their sums stay small. */
    record Squared(Cloud x, Cloud y, double[] turned) implements Costs {
        private static final int BLOCKS = 32;

        static Squared of(Cloud x, Cloud y) {
            return new Squared(x, y, y.turned(Rows.padded(y.size()), 1));
        }

        @Override
        public int rows() {
            return x.size();
        }

        @Override
        public int columns() {
            return y.size();
        }

        @Override
        public double[] row(int i, double[] scratch) {
            Rows.squaredDistances(x.points(), i * x.dims(), x.dims(), turned, Rows.padded(columns()), scratch);
            return scratch;
        }

        @Override
        public int start(int i) {
            return 0;
        }

        @Override
        public double at(int i, int j) {
            double sum = 0;
            for (int k = 0; k < x.dims(); k++) {
                double difference = x.points()[i * x.dims() + k] - y.points()[j * x.dims() + k];
                sum = Math.fma(difference, difference, sum);
            }
            return sum;
        }

        @Override
        public double largest() {
            double reach = Math.sqrt(farthest(x)) + Math.sqrt(farthest(y));
            return reach * reach;
        }

        /** The largest squared distance from the first of the targets. */
        private double farthest(Cloud cloud) {
            double farthest = 0;
            for (int i = 0; i < cloud.size(); i++) {
                double squared = 0;
                for (int k = 0; k < cloud.dims(); k++) {
                    double difference = cloud.points()[i * cloud.dims() + k] - y.points()[k];
                    squared += difference * difference;
                }
                farthest = Math.max(farthest, squared);
            }
            return farthest;
        }

        @Override
        public Costs picked(int[] some, int[] others) {
            return some.length == rows() && others.length == columns() ? this : of(x.picked(some), y.picked(others));
        }

        @Override
        public int block() {
            return Math.max(Sweep.BLOCK, (rows() + BLOCKS - 1) / BLOCKS);
        }
    }
}
