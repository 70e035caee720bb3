import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Tenon's dev server picks the port, passes it as PORT and proxies to it.
export default defineConfig({
  base: '/',
  plugins: [react()],
  server: {
    host: '127.0.0.1',
    port: process.env.PORT ? Number(process.env.PORT) : 5173,
    strictPort: true,
  },
  build: { outDir: 'dist', target: 'es2022' },
});
